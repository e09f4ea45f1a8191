import { expectAccessible } from '../support/axe.ts';
import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { Line } from '../support/line.ts';
import { LivePage } from '../support/live-page.ts';
import type { Server } from '../support/server.ts';

const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }] as const;

/** A game of that build says these lines, and leaves. */
async function play(server: Server, key: string, device: string, app: string, lines: object[]): Promise<void> {
  const line = await Line.connect(server);
  line.say(`h:${JSON.stringify({ proto: 2, device, app })}`);
  line.say(`v:${key}`);
  line.say(`l:${key}:1:${JSON.stringify(lines)}`);
  await line.until(() => line.lines.includes(`a:${key}:1`), () => 'a receipt');
  line.close();
  await line.closed;
}

test('errors are together by what they say, what is new stands out, and one click leads to the lines', async ({ page, server, project }) => {
  const left = (name: string, seconds: number) => ({ message: `player "${name}" left after ${seconds} s`, level: 'warn' });
  await play(server, project.key, 'pixel', '1.0', [left('Ann', 12.5), left('Ben', 7), { message: 'tick 1' }]);
  await play(server, project.key, 'steamdeck', '1.1', [
    left('Cleo', 0.25),
    { message: "can't load '日本/tex 7.png': \u001b[31mno such file\u001b[0m", level: 'error' },
    { message: `${'long '.repeat(60)}end`, level: 'fatal' },
  ]);
  await open(page, server, project.live);
  await page.getByRole('link', { name: 'Errors' }).click();
  await expect(page.getByRole('heading', { name: 'Errors' })).toBeVisible();

  const patterns = page.locator('.pattern');
  await expect(patterns).toHaveCount(3);
  const player = patterns.filter({ hasText: 'player <*> left after <*> s' });
  await expect(player.locator('.pattern-count')).toHaveText('3 lines');
  await expect(player).toContainText('2 devices · 1.1, 1.0');
  await expect(player.locator('.pattern-new')).toHaveCount(0);
  const load = patterns.filter({ hasText: "can't load <*>: no such file" });
  await expect(load.locator('.pattern-new')).toHaveText('New in 1.1');
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await expectAccessible(page);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(sideways, `wider than a screen of ${size.width}`).toBe(0);
    await shot(page, `errors-${size.width}`);
  }
  await page.setViewportSize(SIZES[0]);

  await page.getByLabel('Filter').fill('device:pixel');
  await page.getByLabel('Order').selectOption('count');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(patterns).toHaveCount(1);
  await expect(player.locator('.pattern-count')).toHaveText('2 lines');
  await page.getByLabel('Filter').fill('level:loud');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('The filter is invalid');
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(patterns).toHaveCount(3);

  await player.getByRole('link').click();
  const live = new LivePage(page);
  const lines = live.log.locator('.log-line');
  await expect(lines).toHaveCount(3);
  await expect(live.logLine('player "Cleo" left after 0.25 s')).toBeVisible();
});

test('a project without errors says so', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.log({ message: 'all is well' });
  await open(page, server, `/p/${project.id}/errors`);
  await expect(page.locator('.empty')).toHaveText('Nothing of that kind was logged in this time.');
  game.close();
});
