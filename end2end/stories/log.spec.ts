import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('the log follows, pauses on scrolling up, and filters', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(...many('line', 0, 200));
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.logLine('line 199')).toBeVisible();

  await test.step('new lines come in at the end', async () => {
    game.log({ message: 'the engine stalls', level: 'error', rpm: 7200 });
    await expect(live.logLine('the engine stalls')).toBeVisible();
    await expect(live.logLine('the engine stalls')).toContainText('error', { ignoreCase: true });
    await shot(page, 'log');
  });

  await test.step('scrolling up holds it still', async () => {
    await live.log.hover();
    await page.mouse.wheel(0, -800);
    await expect(live.pill).toBeHidden();
    const first = await live.topLine();
    game.log(...many('late', 0, 38));
    await expect(live.pill).toContainText('38');
    expect(await live.topLine()).toBe(first);
    await shot(page, 'log-paused');
    await live.pill.click();
    await expect(live.logLine('late 37')).toBeVisible();
    await expect(live.pill).toBeHidden();
  });

  await test.step('a filter applies to old and new lines', async () => {
    await live.logFilter.fill('level>=error');
    await expect(live.logLine('the engine stalls')).toBeVisible();
    await expect(live.logLine('late 37')).toBeHidden();
    game.log({ message: 'nothing to see', level: 'info' }, { message: 'wheel lost', level: 'error' });
    await expect(live.logLine('wheel lost')).toBeVisible();
    await expect(live.logLine('nothing to see')).toBeHidden();
    await shot(page, 'log-filtered');
    await live.logFilter.fill('');
    await expect(live.logLine('nothing to see')).toBeVisible();
  });

  await test.step('the level box does the same', async () => {
    await live.logLevel.selectOption({ label: 'error' });
    await expect(live.logLine('nothing to see')).toBeHidden();
    await expect(live.logLine('wheel lost')).toBeVisible();
    await live.logLevel.selectOption({ index: 0 });
    await expect(live.logLine('nothing to see')).toBeVisible();
  });

  await test.step('clear empties the view, and what comes later is shown', async () => {
    await live.clearLog.click();
    await expect(live.logLine('wheel lost')).toBeHidden();
    game.log({ message: 'a new beginning' });
    await expect(live.logLine('a new beginning')).toBeVisible();
  });
  game.close();
});

test('an invalid filter says why and keeps the last result', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log({ message: 'still here', level: 'warn' });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.logLine('still here')).toBeVisible();
  await live.logFilter.fill('level>=loud');
  await expect(live.logFilter).toHaveAttribute('aria-invalid', 'true');
  await expect(live.logLine('still here')).toBeVisible();
  await shot(page, 'log-filter-wrong');
  game.close();
});

test('a line with an invalid time is shown at the time of receipt, and says so', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.log({ message: 'boss spawned', timestamp: 'the day before yesterday' }, { message: 'boss died', level: 'warn' });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.logLine('boss died')).toBeVisible();
  await live.logLine('boss spawned').click();
  const detail = page.getByRole('complementary', { name: 'Selected log line' });
  await expect(detail).toContainText('time not readable: "the day before yesterday"; shown at receipt');
  await shot(page, 'log-note');
  await live.logLine('boss died').click();
  await expect(detail).toContainText('boss died');
  await expect(detail).not.toContainText('not readable');
  game.close();
});

function many(word: string, from: number, to: number): { message: string; level: string }[] {
  return Array.from({ length: to - from }, (_, index) => ({ message: `${word} ${from + index}`, level: 'info' }));
}
