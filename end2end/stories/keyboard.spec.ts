import type { Page } from '@playwright/test';
import { expect, Game, open, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('everything can be edited with the keyboard alone', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(
    { name: 'speed', type: 'integer', value: 5, min: 0, max: 100 },
    { name: 'gravity', type: 'float', value: 1, step: 0.5 },
    { name: 'god_mode', type: 'boolean', value: false },
    { name: 'title', type: 'string', value: 'old' },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);

  await test.step('the first Tab offers to skip to the content', async () => {
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  });

  await test.step('a slider takes arrows, Shift for ten', async () => {
    await tabTo(page, () => live.slider('speed').evaluate(element => element === document.activeElement));
    await page.keyboard.press('ArrowRight');
    await game.untilValue('speed', 6);
    await page.keyboard.press('Shift+ArrowRight');
    await game.untilValue('speed', 16);
    await page.keyboard.press('End');
    await game.untilValue('speed', 100);
  });

  await test.step('a number takes arrows by its step, Enter commits, Escape reverts', async () => {
    await tabTo(page, () => live.number('gravity').evaluate(element => element === document.activeElement));
    await page.keyboard.press('ArrowUp');
    await game.untilValue('gravity', 1.5);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('12.25');
    await page.keyboard.press('Enter');
    await game.untilValue('gravity', 12.25);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('99');
    await page.keyboard.press('Escape');
    await expect(live.number('gravity')).toHaveValue('12.25');
  });

  await test.step('Space throws a switch', async () => {
    await tabTo(page, () => live.toggle('god_mode').evaluate(element => element === document.activeElement));
    await page.keyboard.press('Space');
    await game.untilValue('god_mode', true);
  });

  await test.step('text', async () => {
    await tabTo(page, () => live.text('title').evaluate(element => element === document.activeElement));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('new');
    await page.keyboard.press('Enter');
    await game.untilValue('title', 'new');
  });
  game.close();
});

/** Presses Tab until the wanted control has the focus. */
async function tabTo(page: Page, reached: () => Promise<boolean>): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await reached()) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('Tab does not lead there');
}
