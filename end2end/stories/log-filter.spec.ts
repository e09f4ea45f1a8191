import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('what a filter cannot say is underlined with what to write, and the last result stays', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log({ message: 'still here', level: 'warn' }, { message: 'quiet', level: 'info' });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.logFilter.fill('level>info');
  await expect(live.logLine('quiet')).toBeHidden();
  for (const [filter, wrong, advice] of [
    ['boss hp<ten', 'hp<ten', 'hp<10'],
    ['error OR', 'OR', 'both sides'],
    ['quiet (error', '(error', 'not closed'],
    ['x /a(/ y', '/a(/', 'regular expression'],
    ['since:5', 'since:5', 'since:5m'],
    ['{device="x"} |= "quiet"', '{device="x"}', 'without braces'],
  ] as const) {
    await live.logFilter.fill(filter);
    const fault = page.locator('#filter-fault');
    await expect(fault.locator('u')).toHaveText(wrong);
    await expect(fault).toContainText(advice);
    await expect(live.logFilter).toHaveAttribute('aria-invalid', 'true');
    await expect(live.logLine('still here')).toBeVisible();
    await expect(live.logLine('quiet')).toBeHidden();
  }
  await shot(page, 'log-filter-fault');
  game.close();
});

test('terms are combined, look into fields and are listed in the help', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(
    { message: 'boss died', level: 'info', hp: 9, enemy: { kind: 'boss' } },
    { message: 'boss left', level: 'warn', hp: 10 },
    { message: 'key lost', level: 'error' },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);
  const lines = live.log.locator('.log-line');
  await expect(lines).toHaveCount(3);
  for (const [filter, count] of [
    ['died OR lost', 2],
    ['(died OR left) boss -left', 1],
    ['NOT boss', 1],
    ['/boss (died|left)$/', 2],
    ['hp<10', 1],
    ['hp:*', 2],
    ['enemy.kind=boss', 1],
    ['message:*lost', 1],
    ['level >= warn', 2],
    ['since:1h', 3],
    ['before:1h', 0],
  ] as const) {
    await live.logFilter.fill(filter);
    await expect(lines, filter).toHaveCount(count);
  }
  await page.getByRole('button', { name: 'Help on the filter' }).click();
  await expect(page.getByText('enemy.kind=boss', { exact: false })).toBeVisible();
  game.close();
});

test('levels are compared, names are quoted, accents match however they are encoded', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(
    { message: 'caf\u00e9', level: 'info' },
    { message: 'cafe\u0301 too', level: 'warn' },
    { message: 'plain', level: 'error' },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);
  const lines = live.log.locator('.log-line');
  await expect(lines).toHaveCount(3);
  const device = (await lines.first().locator('.log-device').innerText()).trim();
  for (const [filter, count] of [
    ['level>warn', 1],
    ['level<=info', 1],
    ['!level:error', 2],
    ['caf\u00e9', 2],
    ['cafe\u0301', 2],
    [`device:"${device}"`, 3],
    ['device:"nobody\'s phone"', 0],
    ['', 3],
  ] as const) {
    await live.logFilter.fill(filter);
    await expect(lines, filter).toHaveCount(count);
  }
  game.close();
});
