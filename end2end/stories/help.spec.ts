import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/axe.ts';
import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const HELP = 'How fast the hero runs on dry ground.\nMud halves it.';

test.describe('on a touch screen', () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 844 } });

  test('help can be tapped', async ({ page, server, project }) => {
    const game = await Game.connect(server, project.key);
    declare(game);
    const live = new LivePage(page);
    await open(page, server, project.live);
    const words = page.getByText('How fast the hero runs');
    await expect(words).toBeHidden();
    await help(live).tap();
    await expect(words).toBeVisible();
    await expect(words).toBeInViewport({ ratio: 1 });
    await expect(page.getByText('player.speed · integer · 0 to 10')).toBeVisible();
    await expectAccessible(page);
    await page.screenshot({ path: `artifacts/shots/${test.info().project.name}/help-390.png` });
    await live.varFilter.tap();
    await expect(words, 'a tap elsewhere closes it').toBeHidden();
    game.close();
  });
});

test('help is opened and closed with the keyboard, and heard', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  declare(game);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(help(live)).toHaveAccessibleDescription(/How fast the hero runs on dry ground/);
  await help(live).focus();
  await page.keyboard.press('Enter');
  const words = page.getByText('How fast the hero runs');
  await expect(words).toBeVisible();
  await expect(words).toBeInViewport({ ratio: 1 });
  await expectAccessible(page);
  await shot(page, 'help');
  await page.keyboard.press('Escape');
  await expect(words).toBeHidden();
  await expect(help(live)).toBeFocused();
  await expect(live.row('plain').getByRole('button', { name: /^Help/ }), 'no help, no button').toHaveCount(0);
  game.close();
});

test('accessible names contain the text that is shown', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  declare(game);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.slider('player.speed')).toHaveAccessibleName('Running speed');
  await expect(live.toggle('god')).toHaveAccessibleName('Nothing hurts');
  await expect(page.getByRole('list', { name: 'Hero' })).toBeVisible();
  await live.toggle('god').click();
  await expect(live.status('god')).toHaveAccessibleName(/^Nothing hurts: /);
  await expect(page.getByRole('button', { name: 'Reset Running speed to 5' })).toHaveCount(1);
  expect(await misnamed(page), 'names without the text that is shown').toEqual([]);
  await open(page, server, `/p/${project.id}/settings/keys`);
  await page.locator('.reveal summary').click();
  expect(await misnamed(page), 'names without the text that is shown').toEqual([]);
  game.close();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('help still opens', async ({ page, server, project, complaints }) => {
    // without scripts Chromium reports the preload of the program as unused, and the scripts as blocked
    complaints.allow(/preload/, /\.js csp$/);
    const game = await Game.connect(server, project.key);
    declare(game);
    const live = new LivePage(page);
    await expect(async () => {
      await page.goto(server.url + project.live);
      await expect(help(live)).toBeVisible({ timeout: 500 });
    }).toPass();
    await help(live).click();
    await expect(page.getByText('How fast the hero runs')).toBeVisible();
    game.close();
  });
});

function declare(game: Game): void {
  game.declare(
    { name: 'player.speed', type: 'integer', value: 6, min: 0, max: 10, default: 5, label: 'Running speed', group: 'Hero', help: HELP },
    { name: 'god', type: 'boolean', value: false, label: 'Nothing hurts', group: 'Hero' },
    { name: 'plain', type: 'string', value: 'text' },
  );
}

function help(live: LivePage) {
  return live.row('player.speed').getByRole('button', { name: 'Help on Running speed' });
}

/** Controls whose accessible name does not contain the words on them (WCAG 2.5.3). */
async function misnamed(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const words = (text: string | null) => (text ?? '').replace(/[^\p{L}\p{N}]+/gu, ' ').trim().toLowerCase();
    const shown = (element: HTMLElement) => words(element.innerText);
    return [...document.querySelectorAll<HTMLElement>('[aria-label]:is(button, a, summary)')]
      .filter(element => element.checkVisibility() && shown(element) !== '')
      .filter(element => !words(element.getAttribute('aria-label')).includes(shown(element)))
      .map(element => `${element.getAttribute('aria-label')} ≠ ${element.innerText}`);
  });
}
