import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('the server restarts: a banner, then everything resumes without a reload', async ({ page, server, project, complaints }) => {
  // while it is down the browser complains about every attempt
  complaints.allow(/WebSocket/, /ERR_CONNECTION_REFUSED/);
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log({ message: 'before the restart' });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.logLine('before the restart')).toBeVisible();
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));

  await server.stop();
  await expect(live.banner).toContainText('Connection lost');
  await live.setNumber('speed', '42');
  await shot(page, 'reconnecting');

  await server.start();
  await expect(live.banner).toBeHidden({ timeout: 20_000 });
  const back = await Game.connect(server, project.key);
  await back.untilValue('speed', 42);
  await live.expectApplied('speed');
  back.log({ message: 'after the restart' });
  await expect(live.logLine('after the restart')).toBeVisible();
  await expect(live.logLine('before the restart'), 'shown once, not twice').toHaveCount(1);
  expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true);
  back.close();
});
