import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/axe.ts';
import { AckingGame, expect, open, type Project, type Server, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const HP = { name: 'hp', type: 'integer', value: 80, min: 0, max: 100, step: 5 };

test('when the game changes an applied value, the page shows both and continues from the new one', async ({ page, server, project }) => {
  const game = await connect(server, project, 'pixel-7');
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('hp', '100');
  await live.expectApplied('hp');
  game.change('hp', 70);
  await expect(live.status('hp')).toContainText('wanted 100 · is 70');
  await expect(live.number('hp')).toHaveValue('70');

  await test.step('an arrow key continues from there', async () => {
    await live.slider('hp').focus();
    await page.keyboard.press('ArrowRight');
    await expect(live.number('hp')).toHaveValue('75');
    await expect.poll(() => game.values.get('hp')).toBe(75);
    await live.expectApplied('hp');
  });

  await test.step('the desired value can be pushed again, with the keyboard', async () => {
    game.change('hp', 30);
    await expect(live.status('hp')).toContainText('wanted 75 · is 30');
    await live.status('hp').focus();
    await page.keyboard.press('Enter');
    await expect(live.delivery('hp', 'pixel-7')).toContainText('applied, is now 30');
    await expectAccessible(page);
    await shot(page, 'drift');
    await live.pushAgain('hp').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => game.values.get('hp')).toBe(75);
    await live.expectApplied('hp');
    await expect(live.number('hp')).toHaveValue('75');
  });

  await test.step('setting the same value does that, too', async () => {
    game.change('hp', 10);
    await expect(live.number('hp')).toHaveValue('10');
    await live.setNumber('hp', '75');
    await expect.poll(() => game.values.get('hp')).toBe(75);
  });
});

test('with several games it says how many differ', async ({ page, server, project }) => {
  const games = await Promise.all(['a', 'b', 'c'].map(device => connect(server, project, device)));
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('hp', '100');
  await live.expectApplied('hp', 3);
  games[0]?.change('hp', 70);
  await expect(live.status('hp')).toContainText('wanted 100 · is 70 on 1 of 3 · 2 applied');
  await expect(live.number('hp')).toHaveValue('100');
  games[1]?.change('hp', 70);
  await expect(live.status('hp')).toContainText('wanted 100 · is 70 on 2 of 3 · 1 applied');
  await expect(live.number('hp')).toHaveValue('70');
});

test('two people who choose the same value do not conflict', async ({ page, server, project, another }) => {
  const game = await connect(server, project, 'pixel-7');
  game.judge = () => ({ status: 'rejected', reason: 'in a cutscene' });
  const other = await another();
  const [mine, theirs] = [new LivePage(page), new LivePage(other)];
  for (const view of [page, other]) await open(view, server, project.live);
  await mine.setNumber('hp', '60');
  await expect(theirs.status('hp')).toContainText('rejected: in a cutscene');
  await theirs.setNumber('hp', '60');
  await expect(theirs.status('hp')).toContainText('rejected: in a cutscene');
  await theirs.setNumber('hp', '61');
  await expect(mine.number('hp')).toHaveValue('61');
  await expect(theirs.status('hp')).toContainText('rejected: in a cutscene');
});

test('a settled chip shrinks to its symbol', async ({ page, server, project }) => {
  await connect(server, project, 'pixel-7');
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('hp', '100');
  await live.expectApplied('hp');
  await expect(live.status('hp')).toHaveClass(/chip--quiet/);
  await expect(live.status('hp')).toHaveAccessibleName(/^hp: applied/);
  expect(await wordsAreSeen(page)).toBe(false);
  await live.setNumber('hp', '90');
  await expect(live.status('hp')).not.toHaveClass(/chip--quiet/);
  expect(await wordsAreSeen(page)).toBe(true);
});

test('measurements that differ are shown neutrally, with their range', async ({ page, server, project }) => {
  const games = await Promise.all(['a', 'b', 'c'].map(device => connect(server, project, device)));
  for (const [index, game] of games.entries()) {
    game.declare({ name: 'fps', type: 'integer', value: 30 + 15 * index, readonly: true });
    await game.untilStored();
  }
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.status('fps')).toContainText('3 values: 30 to 60');
  const color = (selector: string) =>
    page.locator(selector).first().evaluate(element => getComputedStyle(element).color);
  expect(await color('.chip--mixed')).toBe(await color('.meta'));
});

async function wordsAreSeen(page: Page): Promise<boolean> {
  const box = await page.locator('.chip-text').first().boundingBox();
  return (box?.width ?? 0) > 1;
}

async function connect(server: Server, project: Project, device: string): Promise<AckingGame> {
  const game = await AckingGame.connect(server, project.key, { device, name: device });
  game.declare(HP);
  await game.untilStored();
  return game;
}
