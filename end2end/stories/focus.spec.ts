import type { Locator, Page } from '@playwright/test';
import { AckingGame, expect, open, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SPEED = { name: 'speed', type: 'integer', value: 5, min: 0, max: 200, default: 5 };

test('a button that disappears on being pressed leaves the focus in a useful place', async ({ page, server, project, another }) => {
  const game = await AckingGame.connect(server, project.key, { device: 'pixel-7', name: 'pixel-7' });
  game.declare(SPEED, { name: 'title', type: 'string', value: 'one' }, { name: 'on', type: 'boolean', value: false, default: false });
  await game.untilStored();
  const live = new LivePage(page);
  await open(page, server, project.live);

  await test.step('a draft that is sent, and one that is discarded', async () => {
    for (const [name, button] of [['speed', 'Send'], ['speed', 'Discard'], ['title', 'Send'], ['title', 'Discard']] as const) {
      await live.text(name).fill(button === 'Send' ? '7' : '8');
      await press(page, live.row(name).getByRole('button', { name: button }));
      await expect(live.row(name)).not.toContainText('Not sent');
      await expect(live.row(name).locator('.var-control :focus'), `${button} of ${name}`).toHaveCount(1);
    }
  });

  await test.step('the row is released: what arrives is shown', async () => {
    game.declare({ ...SPEED, value: 7, label: 'Pace' }, { name: 'first', type: 'integer', value: 1, order: -1 });
    await expect(live.row('speed')).toContainText('Pace');
    await expect(live.row('first')).toBeVisible();
  });

  await test.step('the next key press goes there', async () => {
    await live.text('title').fill('draft');
    await press(page, live.row('title').getByRole('button', { name: 'Discard' }));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('next');
    await expect(live.text('title')).toHaveValue('next');
    await page.keyboard.press('Escape');
  });

  await test.step('a reset', async () => {
    await live.toggle('on').click();
    await expect.poll(() => game.values.get('on')).toBe(true);
    await press(page, live.row('on').getByRole('button', { name: /^Reset/ }));
    await expect.poll(() => game.values.get('on')).toBe(false);
    await expect(live.toggle('on')).toBeFocused();
  });

  await test.step('an edit that is let go', async () => {
    await live.setNumber('speed', '100');
    await live.expectApplied('speed');
    await live.status('speed').click();
    await press(page, live.letGo('speed'));
    await expect(live.letGo('speed')).toBeHidden();
    await expect(live.status('speed')).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(live.deliveries('speed')).toBeHidden();
    await expect(live.status('speed')).toBeFocused();
  });

  await test.step('a conflict that is resolved', async () => {
    const ben = new LivePage(await another());
    await open(ben.page, server, project.live);
    for (const [choice, theirs, mine] of [['Keep mine', '60', '61'], ['Take theirs', '70', '71']] as const) {
      await live.number('speed').click();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(mine);
      await ben.setNumber('speed', theirs);
      await expect(live.row('speed')).toContainText(`set it to ${theirs} while you were editing`);
      await page.keyboard.press('Enter');
      await press(page, live.row('speed').getByRole('button', { name: choice }));
      await expect(live.row('speed').getByRole('button', { name: choice })).toHaveCount(0);
      await expect(live.row('speed').locator(':focus'), choice).toHaveCount(1);
    }
  });

  await test.step('in the other panes', async () => {
    await live.varFilter.fill('nothing like it');
    await press(page, page.getByRole('button', { name: 'Clear the filter' }));
    await expect(live.varFilter).toBeFocused();
    await live.device('pixel-7').click();
    await press(page, page.getByRole('region', { name: 'Variables' }).getByRole('button', { name: 'Show all devices' }));
    await expect(live.varFilter).toBeFocused();
    game.log({ message: 'first' });
    await expect(live.logLine('first')).toBeVisible();
    await page.getByRole('button', { name: 'Pause' }).click();
    game.log({ message: 'second' });
    await press(page, live.pill);
    await expect(live.log).toBeFocused();
    await live.logLine('second').click();
    await press(page, page.getByRole('complementary', { name: 'Selected log line' }).getByRole('button', { name: 'Close' }));
    await expect(live.log).toBeFocused();
  });
  game.close();
});

test('on a touch screen it opens no keyboard', async ({ browser, server, project, owner, complaints }) => {
  const game = await AckingGame.connect(server, project.key, { device: 'pixel-7', name: 'pixel-7' });
  game.declare(SPEED);
  await game.untilStored();
  const phone = await browser.newContext({ storageState: await owner.storageState(), hasTouch: true, viewport: { width: 390, height: 844 } });
  complaints.listenTo(phone);
  server.secrets.listenTo(phone);
  const page = await phone.newPage();
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.number('speed').fill('80');
  await live.row('speed').getByRole('button', { name: 'Send' }).tap();
  await expect.poll(() => game.values.get('speed')).toBe(80);
  await expect(live.slider('speed')).toBeFocused();
  await phone.close();
  game.close();
});

/** With the keyboard. */
async function press(page: Page, button: Locator): Promise<void> {
  await button.focus();
  await page.keyboard.press('Enter');
}
