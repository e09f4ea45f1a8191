import { expectAccessible } from '../support/axe.ts';
import { AckingGame, expect, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { joinWithNewAccount, Settings } from '../support/team.ts';

const SPEED = { name: 'speed', type: 'integer', value: 5, min: 0, max: 200 };
const SIZE = { name: 'size', type: 'integer', value: 1 };
const PIXEL = { device: 'pixel-7', name: 'pixel-7' };

test('a variable and a device that nobody uses are forgotten', async ({ page, server, project, another }) => {
  const before = await AckingGame.connect(server, project.key, PIXEL);
  before.declare(SPEED, SIZE);
  before.log({ message: 'boss spawned' });
  await before.untilStored();
  const elsewhere = new LivePage(await another());
  await open(elsewhere.page, server, project.live);
  await expect(elsewhere.row('speed')).toBeVisible();
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('speed', '100');
  await live.expectApplied('speed');

  await test.step('not while a game has it', async () => {
    await expect(live.forget('speed')).toHaveCount(0);
    await expect(live.forgetDevice('pixel-7')).toHaveCount(0);
  });
  before.close();
  await expect(live.devices).toContainText('0 of 1');
  await expect(live.forget('size')).toBeVisible();

  await test.step('a dialog asks first, and Cancel has the focus', async () => {
    await live.forget('speed').focus();
    await page.keyboard.press('Enter');
    await expect(live.question).toContainText('The value 100, which is set, is let go.');
    await expect(live.question.getByRole('button', { name: 'Cancel' })).toBeFocused();
    await expectAccessible(page);
    await shot(page, 'forget-variable');
    await page.keyboard.press('Enter');
    await expect(live.question).toBeHidden();
    await expect(live.forget('speed')).toBeFocused();
    await expect(live.row('speed')).toBeVisible();
  });

  await test.step('with the keyboard alone; the row disappears on every page and the focus stays in the list', async () => {
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await expect(live.question.getByRole('button', { name: 'Forget it' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(live.row('speed')).toHaveCount(0);
    await expect(elsewhere.row('speed')).toHaveCount(0);
    await expect(live.question).toBeHidden();
    await expect(live.row('size').locator(':focus')).toHaveCount(1);
  });

  await test.step('a device, whose log lines stay', async () => {
    await live.forgetDevice('pixel-7').click();
    await expect(live.question).toContainText('its log lines stay');
    await shot(page, 'forget-device');
    await live.question.getByRole('button', { name: 'Forget it' }).click();
    await expect(live.devices).toContainText('0 of 0');
    await expect(elsewhere.devices).toContainText('0 of 0');
    await expect(live.logLine('boss spawned')).toContainText('pixel-7');
    await expect(live.devices.getByRole('button', { name: /^All devices/ })).toBeFocused();
  });

  await test.step('the game reconnects: it is told, and its variable starts afresh', async () => {
    const after = await AckingGame.connect(server, project.key, PIXEL, before);
    await expect(live.devices).toContainText('1 of 1');
    await expect.poll(() => after.values.get('speed')).toBe(5);
    await expect(live.row('speed')).toBeVisible();
    await expect(live.number('speed')).toHaveValue('5');
    await page.reload();
    await expect(live.number('speed')).toHaveValue('5');
    await expect(live.forget('speed')).toHaveCount(0);
  });
});

test('a variable that a game reports while the dialog is open stays', async ({ page, server, project, complaints }) => {
  complaints.allow(/^500: .*\/api\/forget_var/, /^console: .* 500 /);
  const before = await AckingGame.connect(server, project.key, PIXEL);
  before.declare(SPEED, SIZE);
  await before.untilStored();
  // the next build no longer has a speed
  before.close();
  const game = await AckingGame.connect(server, project.key, PIXEL);
  game.declare(SIZE);
  await game.untilStored();
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.forget('size')).toHaveCount(0);
  await live.forget('speed').click();
  game.declare(SPEED);
  await game.untilStored();
  await expect(live.forget('speed')).toHaveCount(0);
  await live.question.getByRole('button', { name: 'Forget it' }).click();
  await expect(live.question).toContainText('pixel-7 is connected and reported speed');
  await live.question.getByRole('button', { name: 'Cancel' }).click();
  await expect(live.question).toBeHidden();
  await expect(live.row('speed').locator(':focus')).toHaveCount(1);
});

test('a designer is not offered it', async ({ page, server, project, stranger }) => {
  const game = await AckingGame.connect(server, project.key, PIXEL);
  game.declare(SPEED);
  await game.untilStored();
  game.close();
  const link = await new Settings(page, server, project).invite('designer');
  const bens = new LivePage(await stranger());
  await joinWithNewAccount(bens.page, link, 'ben@example.org');
  await expect(bens.devices).toContainText('0 of 1');
  await expect(bens.row('speed')).toBeVisible();
  await expect(bens.forget('speed')).toHaveCount(0);
  await expect(bens.forgetDevice('pixel-7')).toHaveCount(0);
});
