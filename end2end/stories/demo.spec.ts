import type { Page } from '@playwright/test';
import { expect, open, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

/** Presses the button of an empty project, which opens the game in a tab of its own. */
async function play(page: Page): Promise<Page> {
  const [game] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('link', { name: 'Try it with a demo game' }).click(),
  ]);
  await expect(game.locator('#state')).toHaveText('Connected');
  return game;
}

test('the demo game of an empty project follows what people set, and its log arrives', async ({ page, server, project }) => {
  await open(page, server, project.live);
  const game = await play(page);
  expect(game.url(), 'the key is gone from the address').toBe(`${server.url}/demo`);

  const live = new LivePage(page);
  await expect(live.device('Demo game')).toBeVisible();
  await live.dragSlider('ship.speed', 1);
  await live.expectApplied('ship.speed');
  await expect(game.locator('#speed')).toHaveText('600');
  await live.setText('world.title', 'Hello, designer');
  await expect(game.getByRole('heading', { level: 1 })).toHaveText('Hello, designer');
  await live.setText('world.title', 'x'.repeat(41));
  await expect(live.status('world.title')).toContainText('rejected');
  await live.choose('world.sky', 'ocean');
  await live.expectApplied('world.sky');

  await live.action('sparks.burst').click();
  await expect(live.logLine('burst of sparks')).toBeVisible();
  await game.getByRole('button', { name: 'Mark as fun' }).click();
  await expect(live.logLine('score ')).toBeVisible();
  await game.screenshot({ path: `artifacts/shots/${test.info().project.name}/demo-game.png` });

  await game.reload();
  await expect(game.locator('#state'), 'the tab knows its key').toHaveText('Connected');
  await expect(game.locator('#speed')).toHaveText('600');
});

test('without a key, the demo game says how to get one', async ({ page, server, project }) => {
  await page.goto(`${server.url}/demo`);
  const ask = page.getByRole('heading', { name: 'This game needs a project' });
  await expect(ask).toBeVisible();
  await page.getByLabel('Game key').fill('short');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText('A game key has 12 characters.');

  await page.getByLabel('Game key').fill('000000000000');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('does not know this key');

  await page.getByLabel('Game key').fill(project.key);
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect(page.locator('#state')).toHaveText('Connected');
  await expect(ask).toBeHidden();
});

test('the demo game waits with reduced motion, and takes keys', async ({ page, server, project }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(`${server.url}/demo#key=${project.key}`);
  await expect(page.locator('#state')).toHaveText('Connected');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  await page.locator('#canvas').focus();
  await page.keyboard.press('ArrowLeft', { delay: 200 });
  const dashboard = await page.context().newPage();
  await open(dashboard, server, project.live);
  await expect(new LivePage(dashboard).logLine('a player took over')).toBeVisible();
});
