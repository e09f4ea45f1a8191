import { expectAccessible } from '../support/axe.ts';
import { AckingGame, expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SPEED = { name: 'speed', type: 'integer', value: 5, min: 0, max: 200 };

test('an edit that is let go takes the game back to its own value', async ({ page, server, project }) => {
  const pixel = await AckingGame.connect(server, project.key, { device: 'pixel-7', name: 'pixel-7' });
  pixel.declare(SPEED);
  await pixel.untilStored();
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('speed', '100');
  await live.expectApplied('speed');

  await test.step('from the list that the chip opens', async () => {
    await live.status('speed').click();
    await expect(live.deliveries('speed')).toContainText('Wanted: 100, set by owner');
    await expectAccessible(page);
    await shot(page, 'let-go');
    pixel.busy = true;
    await live.letGo('speed').click();
    await expect(live.status('speed')).toContainText('letting go');
    await expect(live.delivery('speed', 'pixel-7')).toContainText('pending');
    pixel.free();
    await expect(live.status('speed')).toContainText('let go');
    await expect(live.delivery('speed', 'pixel-7')).toContainText('went back to 5');
    await expect(live.deliveries('speed')).toContainText('Let go by owner');
    await expect(live.letGo('speed')).toBeHidden();
  });

  await test.step('the control shows what the game made of it', async () => {
    expect(pixel.values.get('speed')).toBe(5);
    await expect(live.number('speed')).toHaveValue('5');
    await page.keyboard.press('Escape');
    await page.reload();
    await expect(live.number('speed')).toHaveValue('5');
    await expect(live.status('speed')).toBeHidden();
  });
});

test('a game that was away is told when it returns', async ({ page, server, project }) => {
  const before = await AckingGame.connect(server, project.key, { device: 'pixel-7', name: 'pixel-7' });
  before.declare(SPEED);
  await before.untilStored();
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('speed', '100');
  await live.expectApplied('speed');
  before.close();
  await expect(live.devices).toContainText('0 of 1');
  await live.status('speed').click();
  await live.letGo('speed').click();
  await expect(live.status('speed')).toContainText('let go');
  const after = await AckingGame.connect(server, project.key, { device: 'pixel-7', name: 'pixel-7' }, before);
  await expect(live.delivery('speed', 'pixel-7')).toContainText('went back to 5');
  expect(after.values.get('speed')).toBe(5);
});

test('a game of the original grammar gets the default, or keeps its value and the page says so', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(SPEED, { ...SPEED, name: 'size', default: 3 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  for (const name of ['speed', 'size']) {
    await live.setNumber(name, '100');
    await live.expectApplied(name);
    await live.status(name).click();
    await live.letGo(name).click();
    // the open list would cover the next row
    await live.status(name).click();
  }
  await expect(live.number('size')).toHaveValue('3');
  await expect(live.status('size')).toContainText('let go');
  await expect(live.status('speed')).toContainText('let go · the game keeps 100');
});
