import type { Page } from '@playwright/test';
import { expect, Game, hydrated, test } from '../support/fixtures.ts';

test('nothing moves when WebAssembly takes over', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(
    { name: 'player.speed', type: 'integer', value: 5, min: 0, max: 10 },
    { name: 'player.name', type: 'string', value: 'Ana' },
    { name: 'sky', type: 'color', value: '#336699' },
    { name: 'god_mode', type: 'boolean', value: false },
  );
  // more than the first page draws, so that the program makes the list longer
  game.log(...Array.from({ length: 300 }, (_, index) => ({ message: `line ${index}`, level: 'info' })));

  const stored = async () => (await page.request.get(server.url + project.live)).text();
  await expect.poll(stored, 'the server renders it all').toContain('line 299');

  // as somebody left them who has dragged the panes' edges
  const dragged = { 'log-width': '420', 'devices-width': '300' };
  for (const [width, height, sizes] of [[1440, 900, {}], [1440, 900, dragged], [390, 844, {}]] as const) {
    await page.goto(server.url);
    await page.evaluate(
      ([id, sizes]) => Object.entries(sizes).forEach(([name, size]) => localStorage.setItem(`${name}:${id}`, size)),
      [project.id, sizes as Record<string, string>] as const,
    );
    await page.setViewportSize({ width, height });
    // hold the program back, so that there is time to measure what the server drew
    let release = () => undefined as void;
    const held = new Promise<void>(done => (release = done));
    await page.route('**/*.wasm', async route => {
      await held;
      await route.continue();
    });
    await page.goto(server.url + project.live, { waitUntil: 'commit' });
    // a phone shows the variables first, so the log's last line is only there
    await page.getByText('line 299').waitFor({ state: 'attached' });
    await page.evaluate(() => document.fonts.ready);
    const before = await boxes(page);
    expect(before.length, 'there is something to compare').toBeGreaterThan(20);
    for (const [name, size] of Object.entries(sizes)) {
      const pane = page.getByRole('region', { name: name === 'log-width' ? 'Logs' : 'Devices' });
      expect((await pane.boundingBox())?.width, name).toBe(Number(size));
    }
    await watchShifts(page);
    release();
    await hydrated(page);
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    expect(await boxes(page), `at ${width} px`).toEqual(before);
    expect(await page.evaluate(() => Reflect.get(window, 'shifts')), `layout shift at ${width} px`).toBe(0);
    await page.unroute('**/*.wasm');
  }
  game.close();
});

/** Where everything stands that a person sees or uses. */
async function boxes(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const seen = 'header, main, section, h1, h2, h3, label, input, select, button, output, [role=switch], [role=log], .log-line';
    const log = document.querySelector('[role=log]')?.getBoundingClientRect();
    const isOutOfSight = (element: Element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return element.matches('.log-line') && (!log || bottom <= log.top || top >= log.bottom);
    };
    return [...document.querySelectorAll(seen)].filter(element => !isOutOfSight(element)).map(element => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const place = [x, y, width, height].map(pixels => Math.round(pixels * 10) / 10).join(' ');
      return `${element.tagName} ${element.id || element.getAttribute('aria-label') || (element.matches('.log-line') ? element.querySelector('.log-text')?.textContent : '')} ${place}`;
    });
  });
}

async function watchShifts(page: Page): Promise<void> {
  await page.evaluate(() => {
    Object.assign(window, { shifts: 0 });
    new PerformanceObserver(list => {
      for (const entry of list.getEntries()) {
        Object.assign(window, { shifts: Reflect.get(window, 'shifts') + Reflect.get(entry, 'value') });
      }
    }).observe({ type: 'layout-shift', buffered: false });
  });
}
