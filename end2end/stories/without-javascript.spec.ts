import { expect, Game, shot, test } from '../support/fixtures.ts';
import { pasteLink } from '../support/team.ts';

test.use({ javaScriptEnabled: false });

test('every page has its content without JavaScript, and forms work', async ({ page, server, complaints }) => {
  // without scripts Chromium reports the preload of the program as unused, and the scripts as blocked
  complaints.allow(/preload/, /\.js csp$/);
  await pasteLink(page, server.setUpLink ?? '');
  await page.getByRole('button', { name: 'Create owner account and sign in' }).click();
  await page.getByLabel('Name').fill('Plain game');
  await page.getByRole('button', { name: 'Create project' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Plain game');
  const key = /v:([0-9a-z]{12})/.exec(await page.content())?.[1] ?? '';
  expect(key).not.toBe('');

  const game = await Game.connect(server, key);
  game.declare(
    { name: 'speed', type: 'integer', value: 5, min: 0, max: 9 },
    { name: 'title', type: 'string', value: 'Level one' },
  );
  game.log({ message: 'the first line', level: 'warn' });
  // the page shows what is stored: reload until it is
  await expect(async () => {
    await page.reload();
    await expect(page.getByText('the first line')).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(page.getByLabel('speed value')).toHaveValue('5');
  await expect(page.getByLabel('title', { exact: true })).toHaveValue('Level one');
  await shot(page, 'live-without-javascript');

  await page.goto(server.url);
  await expect(page.getByRole('link', { name: 'Plain game' })).toBeVisible();
  await shot(page, 'projects');
  game.close();
});
