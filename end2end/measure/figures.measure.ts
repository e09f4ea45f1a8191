import { mkdir, writeFile } from 'node:fs/promises';
import { createProject, expect, Game, open, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const LOADS = 9;
const LINES = 1000;
const EDITS = 1000;
/** The pause between two lines or edits: longer than a frame, and than the page's own pause between edits of a drag. */
const PACE_MS = 60;

test('time to interactive', async ({ browser, server, owner }) => {
  const project = await createProject(owner, server, 'Measured');
  const game = await Game.connect(server, project.key);
  for (let n = 0; n < 12; n += 1) game.declare({ name: `var${n}`, type: 'float', value: n, min: 0, max: 100 });
  game.log(...Array.from({ length: 200 }, (_, n) => ({ message: `line ${n}`, level: 'info' })));
  const interactive: number[] = [];
  const painted: number[] = [];
  for (let load = 0; load < LOADS; load += 1) {
    const context = await browser.newContext({ storageState: await owner.storageState() });
    const page = await context.newPage();
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.documentElement.hasAttribute('data-hydrated')) return;
        Object.assign(window, { interactiveAt: performance.now() });
        observer.disconnect();
      }).observe(document, { attributes: true, subtree: true, attributeFilter: ['data-hydrated'] });
    });
    await open(page, server, project.live);
    interactive.push(await page.evaluate(() => Reflect.get(window, 'interactiveAt') as number));
    painted.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN));
    await context.close();
  }
  await report('navigation → first contentful paint', painted);
  await report('navigation → interactive (hydrated)', interactive);
  game.close();
});

test('log line to screen', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.log).toBeVisible();
  await live.log.evaluate(log => {
    const seen: Record<string, [number, number]> = {};
    Object.assign(window, { seen });
    const now = () => performance.timeOrigin + performance.now();
    new MutationObserver(changes => {
      const inDom = now();
      const fresh: string[] = [];
      for (const change of changes) {
        for (const node of [change.target, ...change.addedNodes]) {
          for (const [tick] of (node.textContent ?? '').matchAll(/tick \d+;/g)) if (!(tick in seen)) fresh.push(tick);
        }
      }
      for (const tick of fresh) seen[tick] ??= [inDom, NaN];
      requestAnimationFrame(() => {
        for (const tick of fresh) seen[tick]![1] = now();
      });
    }).observe(log, { childList: true, characterData: true, subtree: true });
  });
  const sent: number[] = [];
  await pace(LINES, n => {
    sent.push(clock());
    game.log({ message: `tick ${n};`, level: 'info' });
  });
  await expect(live.logLine(`tick ${LINES - 1};`)).toBeVisible();
  const seen = await page.evaluate(() => Reflect.get(window, 'seen') as Record<string, [number, number]>);
  const toDom = sent.flatMap((at, n) => (seen[`tick ${n};`] ? [seen[`tick ${n};`]![0] - at] : []));
  await report('log line sent → in the DOM', toDom);
  game.close();
});

test('edit in the page to game', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 0, min: 0, max: EDITS });
  const live = new LivePage(page);
  await open(page, server, project.live);
  const arrived = new Map<number, number>();
  game.onEdit = json => arrived.set((JSON.parse(json) as { value: number }).value, clock());
  const moved = await live.slider('speed').evaluate(
    async (slider, { edits, paceMs }) => {
      const times: number[] = [];
      for (let n = 1; n <= edits; n += 1) {
        await new Promise(done => setTimeout(done, paceMs));
        times.push(performance.timeOrigin + performance.now());
        (slider as HTMLInputElement).value = String(n);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        slider.dispatchEvent(new Event('change', { bubbles: true }));
      }
      return times;
    },
    { edits: EDITS, paceMs: PACE_MS },
  );
  await game.untilValue('speed', EDITS);
  const took = moved.flatMap((at, n) => (arrived.has(n + 1) ? [arrived.get(n + 1)! - at] : []));
  await report('edit in the page → game', took);
  game.close();
});

/** Milliseconds on the machine's clock, like the page's `performance.timeOrigin + performance.now()`. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

async function pace(times: number, act: (n: number) => void): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    act(n);
    await new Promise(done => setTimeout(done, PACE_MS));
  }
}

async function report(what: string, figures: number[]): Promise<void> {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN;
  const result = { what, n: sorted.length, minMs: at(0.0001), p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  const [min, p50, p99, max] = [result.minMs, result.p50Ms, result.p99Ms, result.maxMs].map(ms => ms.toFixed(1));
  console.log(`${what}: n=${result.n}  min ${min} ms  p50 ${p50} ms  p99 ${p99} ms  max ${max} ms`);
  await mkdir('artifacts/measure', { recursive: true });
  const file = `artifacts/measure/${what.replace(/[^a-z]+/g, '-')}.json`;
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
}
