import { expectAccessible } from '../support/axe.ts';
import { expect, Game, open, type Server, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

test('a value narrows the filter, and the address is all that is shown', async ({ page, server, project, another }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(
    { message: 'the boss died', level: 'warn', enemy: { kind: 'the boss' }, hp: 0 },
    { message: 'an imp died', level: 'info', enemy: { kind: 'imp' }, hp: 3 },
    { message: 'all quiet', level: 'debug' },
  );
  const log = new LivePage(page);
  await open(page, server, project.live);
  await page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name: 'Logs' }).click();
  await expect(page.locator('.link-state')).toContainText('Connected');
  const lines = log.log.locator('.log-line');
  await expect(lines).toHaveCount(3);
  const menu = page.locator('.log-menu');

  await test.step('a field: only, not, column', async () => {
    await log.logLine('the boss died').locator('.log-text').click();
    const field = page.getByRole('button', { name: 'Filter by enemy.kind' });
    await field.click();
    await shot(page, 'log-menu');
    await menu.getByRole('button', { name: 'Only these lines' }).click();
    await expect(log.logFilter).toHaveValue('enemy.kind="the boss"');
    await expect(lines).toHaveCount(1);
    await field.click();
    await menu.getByRole('button', { name: 'Not these lines' }).click();
    await expect(log.logFilter).toHaveValue('-enemy.kind="the boss"');
    await expect(lines).toHaveCount(2);
    await page.getByRole('button', { name: 'Filter by hp' }).click();
    await menu.getByRole('button', { name: 'Show as a column' }).click();
    await expect(log.logLine('an imp died').locator('.log-pin')).toHaveText('3');
  });

  await test.step('a level, by a click in its row; Escape closes without a change', async () => {
    await log.logLine('all quiet').locator('.log-level').click();
    await page.keyboard.press('Escape');
    await expect(menu).toBeHidden();
    await log.logLine('all quiet').locator('.log-level').click();
    await menu.getByRole('button', { name: 'Not these lines' }).click();
    await expect(log.logFilter).toHaveValue('-enemy.kind="the boss" -level:debug');
    await expect(lines).toHaveCount(1);
  });

  await test.step('selected words', async () => {
    await log.logFilter.fill('');
    await log.logLine('the boss died').locator('.log-text').dblclick({ position: { x: 36, y: 8 } });
    await page.getByRole('group', { name: 'Filter by the selected words' }).getByRole('button', { name: 'Only' }).click();
    await expect(log.logFilter).toHaveValue('"boss"');
    await expect(lines).toHaveCount(1);
  });

  await test.step('a link shows a colleague the same', async () => {
    await page.getByRole('combobox', { name: 'Time range' }).selectOption('Last hour');
    await page.getByRole('button', { name: 'Wrap' }).click();
    await expect(page).toHaveURL(/\/logs\?q=%22boss%22&from=1h&wrap=1&cols=hp&line=1$/);
    const colleague = await another();
    const theirs = new LivePage(colleague);
    await colleague.goto(page.url());
    await expect(colleague.locator('.link-state')).toContainText('Connected');
    await expect(theirs.log.locator('.log-line')).toHaveCount(1);
    await expect(theirs.log.locator('.log-line .log-pin')).toHaveText('0');
    await expect(colleague.getByRole('combobox', { name: 'Time range' })).toHaveValue('1h');
    await expect(colleague.getByRole('complementary', { name: 'Selected log line' })).toContainText('the boss died');

    await page.getByRole('button', { name: 'Saved' }).click();
    await page.getByLabel('Save what is shown as').fill('bosses');
    await page.getByRole('checkbox', { name: 'For everybody in the project' }).check();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByRole('link', { name: 'bosses' })).toBeVisible();
    await shot(page, 'log-saved');
    await open(colleague, server, `/p/${project.id}/logs`);
    await expect(theirs.log.locator('.log-line')).toHaveCount(3);
    await colleague.getByRole('button', { name: 'Saved' }).click();
    await colleague.getByRole('link', { name: 'bosses' }).click();
    await expect(theirs.logFilter).toHaveValue('"boss"');
    await expect(theirs.log.locator('.log-line')).toHaveCount(1);
    await expect(colleague.locator('.link-state')).toContainText('Connected');
    await colleague.getByRole('button', { name: 'Saved' }).click();
    await colleague.getByRole('button', { name: 'Delete the search bosses' }).click();
    await expect(colleague.getByText('None yet')).toBeVisible();
  });
  game.close();
});

test('bars lead to a time, edits stand between lines, and lines are seen among their neighbours', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(...many('early', 0, 120));
  game.log({ message: 'it broke', level: 'error' }, ...many('late', 0, 30));
  const log = new LivePage(page);
  await open(page, server, project.live);
  await log.setNumber('speed', '7');
  await log.expectApplied('speed');
  await open(page, server, `/p/${project.id}/logs?from=15m`);
  await expect(log.logLine('late 29')).toBeVisible();
  const foot = page.locator('.log-bars-foot p');

  await test.step('all lines are counted, live too', async () => {
    await expect(foot).toContainText('151 lines · 1 error');
    game.log({ message: 'one more', level: 'warn' });
    await expect(foot).toContainText('152 lines · 1 warn · 1 error');
    await page.getByRole('button', { name: 'Table' }).click();
    const table = page.getByRole('group', { name: 'Lines over time, as a table' });
    const counts = await table.locator('tbody tr').evaluateAll(rows =>
      rows.map(row => [...row.querySelectorAll('td')].map(cell => Number(cell.textContent))),
    );
    const sums = counts.reduce((sum, row) => sum.map((count, index) => count + (row[index] ?? 0)));
    expect(sums, 'trace, debug, info, warn, error, fatal, edits').toEqual([0, 0, 150, 1, 1, 0, 1]);
    await shot(page, 'log-page');
    await page.getByRole('button', { name: 'Table' }).click();
  });

  await test.step('an edit is a line of its own, and can be hidden', async () => {
    const edit = log.log.locator('.log-event--edit');
    await expect(edit).toContainText('speed = 7 · r1');
    await page.getByRole('button', { name: 'View' }).click();
    await page.getByRole('checkbox', { name: 'Edits, and devices' }).uncheck();
    await expect(edit).toHaveCount(0);
    await page.keyboard.press('Escape');
  });

  await test.step('keys zoom in and out', async () => {
    const bars = page.getByRole('group', { name: /^Lines over time: 152 lines/ });
    await bars.focus();
    for (const key of ['Home', 'Enter']) await page.keyboard.press(key);
    await expect(foot).toContainText('0 lines');
    await expect(log.log.getByText('No matches in this time range.')).toBeVisible();
    await expect(page.getByLabel('From', { exact: true })).toHaveValue(/^\d{4}-\d\d-\d\d \d\d:\d\d/);
    await page.getByRole('button', { name: 'Zoom out' }).click();
    await expect(log.logLine('late 29')).toBeVisible();
  });

  await test.step('a drag over all bars shows them all', async () => {
    const area = await page.locator('.log-bars').boundingBox();
    if (!area) throw new Error('no bars');
    const y = area.y + area.height / 2;
    await page.mouse.move(area.x + area.width * 0.5, y);
    await page.mouse.down();
    await page.mouse.move(area.x + area.width - 1, y, { steps: 5 });
    await page.mouse.up();
    await expect(page).toHaveURL(/from=2\d{3}-.*&to=2\d{3}-/);
    await expect(foot).toContainText('152 lines');
  });

  await test.step('a time range is typed', async () => {
    await page.getByLabel('From', { exact: true }).fill('soon');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(page.getByText('Type a length such as 90m')).toBeVisible();
    await page.getByLabel('From', { exact: true }).fill('90m');
    await page.getByLabel('To', { exact: true }).fill('');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(page).toHaveURL(/from=90m(&|$)/);
    await expect(log.logLine('one more')).toBeVisible();
  });

  await test.step('the keyboard finds the error, and the lines around it', async () => {
    await log.logFilter.fill('broke OR nothing');
    await expect(log.log.locator('.log-line')).toHaveCount(1);
    await log.log.focus();
    await page.keyboard.press('[');
    await page.getByRole('button', { name: 'Lines around it' }).click();
    const around = page.getByRole('region', { name: 'Lines around the chosen one' });
    await expect(around.getByRole('status')).toContainText('50 before, 31 after');
    await expect(around.locator('.log-line--chosen')).toBeInViewport();
    await shot(page, 'log-context');
    await around.getByRole('button', { name: 'Back to the log' }).click();
    await expect(around).toBeHidden();
  });
  game.close();
});

test('repeats are joined, long lines are folded, times are exact, and it can be downloaded', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(
    ...Array.from({ length: 5 }, (_, n) => ({ message: `hit ${n} of 5` })),
    { message: `long ${'x'.repeat(3_000)} end` },
    { message: 'bell \u0007', timestamp: '2026-07-15T12:00:00.118042Z' },
  );
  const log = new LivePage(page);
  await page.setViewportSize(DESK);
  await open(page, server, `/p/${project.id}/logs?wrap=1&dedup=numbers&time=us`);
  await expect(log.logLine('hit')).toHaveCount(1);
  await expect(log.logLine('hit')).toContainText('×5');
  await expect(log.logLine('bell ␇')).toBeVisible();
  const long = log.logLine('long');
  await expect(long).not.toContainText('end');
  await long.getByRole('button', { name: /show all/ }).click();
  await expect(long).toContainText('end');
  await expect(log.logLine('hit').locator('time')).toHaveText(/^\d\d:\d\d:\d\d\.\d{6}$/);
  await page.getByRole('button', { name: 'View' }).click();
  await page.getByRole('combobox', { name: 'Repeated lines' }).selectOption('Show repeats');
  await page.getByRole('combobox', { name: 'Times' }).selectOption('How long ago');
  await page.keyboard.press('Escape');
  await expect(log.logLine('hit')).toHaveCount(5);
  await expect(log.logLine('hit 4').locator('time')).toHaveText('just now');
  await log.logFilter.fill('hit');
  await page.getByRole('button', { name: 'Export' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'As NDJSON' }).click();
  const file = await (await download).createReadStream();
  let text = '';
  for await (const part of file) text += String(part);
  expect(text.trim().split('\n').map(line => (JSON.parse(line) as { message: string }).message)).toEqual(
    [4, 3, 2, 1, 0].map(n => `hit ${n} of 5`),
  );
  game.close();
});

test('the log page is accessible at both sizes', async ({ page, server, project }) => {
  const game = await showing(server, project.key);
  const log = new LivePage(page);
  for (const size of [DESK, PHONE]) {
    await page.setViewportSize(size);
    await open(page, server, `/p/${project.id}/logs?from=90m&cols=hp`);
    await expect(log.logLine('a warn line')).toBeVisible();
    await expect(page.locator('.log-bars-foot p')).toContainText('5 lines');
    await expectAccessible(page);
    const targets = page.locator('.pane--logs').locator('button, select, input').filter({ visible: true });
    if (size === PHONE) {
      const low = await targets.evaluateAll(all =>
        all
          .map(target => ({ name: target.getAttribute('aria-label') ?? target.textContent, height: target.getBoundingClientRect().height }))
          .filter(({ name, height }) => height < 44 && name !== 'Help on the filter'),
      );
      expect(low, 'targets of less than 44 px').toEqual([]);
    }
    await log.logLine('a warn line').locator('.log-text').click();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Filter by hp' }).click();
    await expectAccessible(page);
    await shot(page, `log-page-open-${size.width}`);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Lines around it' }).click();
    await expect(page.getByRole('region', { name: 'Lines around the chosen one' })).toContainText('a warn line');
    await expectAccessible(page);
  }
  game.close();
});

async function showing(server: Server, key: string): Promise<Game> {
  const game = await Game.connect(server, key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(...['trace', 'debug', 'info', 'warn', 'error'].map(level => ({ message: `a ${level} line`, level, hp: 3 })));
  return game;
}

function many(word: string, from: number, to: number): { message: string; level: string }[] {
  return Array.from({ length: to - from }, (_, index) => ({ message: `${word} ${from + index}`, level: 'info' }));
}
