import { expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

test('a selection outlives new lines and is copied as one row per line', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(
    { message: '\u001b[31mred alert\u001b[0m', level: 'error', timestamp: '2026-07-15T12:00:00.118Z' },
    { message: 'two\nrows', level: 'warn', timestamp: '2026-12-15T12:00:00.5Z' },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.logLine('red alert')).toBeVisible();

  await test.step('terminal colours are shown', async () => {
    await expect(live.logLine('red alert').locator('.ansi-red')).toHaveText('red alert');
    await expect(live.log).not.toContainText('[31m');
  });

  await test.step('selecting holds the lines', async () => {
    await drag(live, 'red alert', 'two');
    await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
    game.log(...Array.from({ length: 60 }, (_, n) => ({ message: `later ${n}` })));
    await expect(live.pill).toContainText('60 new lines');
    expect(await page.evaluate(() => getSelection()?.toString())).toContain('red alert');
  });

  await test.step('each line is one row of four columns', async () => {
    await page.keyboard.press('Control+C');
    await expect(async () => {
      const rows = (await clipboard(live)).split('\n').map(row => row.split('\t'));
      expect(rows.map(([time, level, , message]) => [time, level, message])).toEqual([
        ['2026-07-15 14:00:00.118', 'error', 'red alert'],
        ['2026-12-15 13:00:00.500', 'warn', 'two⏎rows'],
      ]);
    }).toPass();
    await shot(page, 'log-selected');
  });
  game.close();
});

test('Ctrl+A copies every matching line, drawn or not', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(...Array.from({ length: 400 }, (_, n) => ({ message: `line ${n}`, level: n % 2 ? 'warn' : 'info' })));
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.logLine('line 399')).toBeVisible();
  await live.logLevel.selectOption('warn');
  await live.log.focus();
  await page.keyboard.press('Control+A');
  const selected = page.locator('.log-selected');
  await expect(selected).toHaveText('200 lines selected · Ctrl+C copies them');
  await shot(page, 'log-all-selected');
  await page.keyboard.press('Control+C');
  await expect(async () => {
    const rows = (await clipboard(live)).split('\n');
    expect(rows).toHaveLength(200);
    expect(rows[0]).toMatch(/\twarn\t.*\tline 1$/);
    expect(rows[199]).toMatch(/\twarn\t.*\tline 399$/);
  }).toPass();
  // the screenshot at phone size has hidden the log, which loses the focus
  await live.log.focus();
  await page.keyboard.press('Escape');
  await expect(selected).toBeHidden();
  game.close();
});

test('the log can be widened and wrapped, and stays so', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log({ message: `long ${'x'.repeat(300)} end`, pos: { x: 1.5, tags: ['a', 'b'] }, ok: true });
  const live = new LivePage(page);
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, server, project.live);
  const separator = page.getByRole('separator', { name: 'Width of the log' });
  const pane = page.getByRole('region', { name: 'Logs' });
  const width = async () => (await pane.boundingBox())?.width ?? 0;
  // sizes are set in whole pixels
  const before = Math.round(await width());

  await test.step('with the keyboard', async () => {
    await separator.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(width).toBe(before + 48);
    await expect(separator).toHaveAttribute('aria-valuenow', String(before + 48));
  });

  await test.step('with the mouse', async () => {
    const edge = await separator.boundingBox();
    if (!edge) throw new Error('no separator');
    const [x, y] = [edge.x + edge.width / 2, edge.y + 300];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 100, y, { steps: 10 });
    await page.mouse.up();
    await expect.poll(width).toBe(before + 148);
  });

  await test.step('long lines wrap', async () => {
    const line = live.logLine('long');
    await page.getByRole('button', { name: 'Wrap' }).click();
    await expect.poll(async () => (await line.boundingBox())?.height ?? 0).toBeGreaterThan(50);
    await shot(page, 'log-wrapped');
  });

  await test.step('a reload keeps it all', async () => {
    await page.reload();
    // the server's page is wrapped already, so it does not show that the program runs
    await hydrated(page);
    await expect(page.locator('.link-state')).toContainText('Connected');
    await expect.poll(width).toBe(before + 148);
    await expect.poll(async () => (await live.logLine('long').boundingBox())?.height ?? 0).toBeGreaterThan(50);
  });

  await test.step('details have one field per row', async () => {
    await live.logLine('long').click();
    const detail = page.getByRole('complementary', { name: 'Selected log line' });
    for (const [field, value] of [['pos.x', '1.5'], ['pos.tags[1]', 'b'], ['ok', 'true']] as const) {
      await expect(detail.getByRole('row', { name: field }).getByRole('cell')).toHaveText(value);
    }
    await shot(page, 'log-detail');
  });
  game.close();
});

/** Selects from the message of one line to that of another, with the mouse. */
async function drag(live: LivePage, from: string, to: string): Promise<void> {
  const place = async (message: string) => {
    const box = await live.logLine(message).locator('.log-text').boundingBox();
    if (!box) throw new Error(`no line ${message}`);
    return { x: box.x, y: box.y + box.height / 2 };
  };
  const [start, end] = [await place(from), await place(to)];
  await live.page.mouse.move(start.x + 1, start.y);
  await live.page.mouse.down();
  await live.page.mouse.move(end.x + 20, end.y, { steps: 8 });
  await live.page.mouse.up();
}

async function clipboard(live: LivePage): Promise<string> {
  return live.page.evaluate(() => navigator.clipboard.readText());
}
