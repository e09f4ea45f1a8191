import { readFileSync, readdirSync } from 'node:fs';
import { expect, Game, open, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const A_SECOND = 5_000;
const SECONDS = 60;
const TURNS_A_SECOND = 20;
/** A frame that people notice. */
const LONG_MS = 50;

/** Lines for a minute, as fast as hundreds of games would write them: what the page draws, counts and skips. */
test('five thousand lines a second in one tab', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1, min: 0, max: 10 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.log).toBeVisible();
  const before = rendererBytes();
  await page.evaluate(() => {
    const seen = { frames: [] as number[], tasks: [] as number[], last: performance.now(), isOver: false };
    Object.assign(window, { seen });
    new PerformanceObserver(list => seen.tasks.push(...list.getEntries().map(task => task.duration))).observe({ type: 'longtask' });
    const frame = (now: number) => {
      seen.frames.push(now - seen.last);
      seen.last = now;
      if (!seen.isOver) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  let sent = 0;
  const start = performance.now();
  for (let turn = 1; turn <= SECONDS * TURNS_A_SECOND; turn += 1) {
    const entries = Array.from({ length: A_SECOND / TURNS_A_SECOND }, () => ({ message: `tick ${sent++} of a flood`, level: 'info' }));
    game.log(...entries);
    await new Promise(done => setTimeout(done, Math.max(0, start + (turn * 1000) / TURNS_A_SECOND - performance.now())));
  }
  await expect(live.logLine(`tick ${sent - 1} of a flood`)).toBeVisible({ timeout: 60_000 });
  const late = performance.now() - start - SECONDS * 1000;
  const { frames, tasks } = await page.evaluate(() => {
    const seen = Reflect.get(window, 'seen') as { frames: number[]; tasks: number[]; isOver: boolean };
    seen.isOver = true;
    return { frames: seen.frames, tasks: seen.tasks };
  });
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor(part * (sorted.length - 1))] ?? NaN).toFixed(1);
  console.log(`lines sent: ${sent}; the last one was drawn ${late.toFixed(0)} ms after it was due`);
  console.log(`frames: ${frames.length}, over ${LONG_MS} ms: ${frames.filter(ms => ms > LONG_MS).length}; p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)} ms`);
  console.log(`tasks over ${LONG_MS} ms: ${tasks.length}, longest ${Math.max(0, ...tasks).toFixed(0)} ms`);
  console.log(`memory of the page's process: ${mebibytes(before)} → ${mebibytes(rendererBytes())} MiB`);
  console.log(`the page says: ${(await page.locator('.log-pane, .log').first().innerText()).split('\n').slice(0, 8).join(' | ')}`);
  game.close();
});

/** Resident memory of the largest process that draws pages. */
function rendererBytes(): number {
  const bytes = readdirSync('/proc').map(entry => {
    try {
      if (!/^\d+$/.test(entry) || !readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('--type=renderer')) return 0;
      const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
      return Number(kib ?? 0) * 1024;
    } catch {
      return 0; // it has just ended
    }
  });
  return Math.max(0, ...bytes);
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}
