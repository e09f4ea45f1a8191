import { expectAccessible } from '../support/axe.ts';
import { expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('the edge of the device list can be dragged or moved with keys, and stays where it was left', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1, min: 0, max: 9 });
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, server, project.live);
  const edge = page.getByRole('separator', { name: 'Width of the device list' });
  const width = async (pane: string) => (await page.getByRole('region', { name: pane }).boundingBox())?.width ?? 0;
  const devices = () => width('Devices');
  const before = await devices();

  await test.step('with the mouse', async () => {
    const box = await edge.boundingBox();
    if (!box) throw new Error('no edge');
    const [x, y] = [box.x + box.width / 2, box.y + 300];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 84, y, { steps: 10 });
    await page.mouse.up();
    await expect.poll(devices).toBe(before + 84);
    await shot(page, 'devices-wide');
  });
  await test.step('with the keyboard', async () => {
    await edge.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(devices).toBe(before + 108);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(devices).toBe(before + 60);
    await expect(edge).toHaveAttribute('aria-valuenow', String(before + 60));
    await expectAccessible(page);
  });
  await test.step('a reload keeps it', async () => {
    await page.reload();
    await hydrated(page);
    await expect.poll(devices).toBe(before + 60);
  });
  await test.step('the other panes keep their space', async () => {
    await edge.focus();
    await page.keyboard.press('Home');
    await expect.poll(devices).toBe(700);
    expect(await width('Variables')).toBeGreaterThanOrEqual(400);
    expect(await width('Logs')).toBeGreaterThanOrEqual(320);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(sideways).toBe(0);
  });
  await test.step('Enter restores the original width for good', async () => {
    await page.keyboard.press('Enter');
    await expect.poll(devices).toBe(before);
    await page.reload();
    await expect.poll(devices).toBe(before);
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
  });
  await test.step('where the devices are a strip, and on a phone, there is no edge', async () => {
    for (const size of [{ width: 1024, height: 768 }, { width: 390, height: 844 }]) {
      await page.setViewportSize(size);
      await expect(edge).toBeHidden();
    }
  });
  game.close();
});

test('another project has its own sizes', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('speed')).toBeVisible();
  const pane = page.getByRole('region', { name: 'Devices' });
  const before = (await pane.boundingBox())?.width;
  await page.getByRole('separator', { name: 'Width of the device list' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(async () => (await pane.boundingBox())?.width).not.toBe(before);
  const property = () => page.evaluate(() => document.documentElement.style.getPropertyValue('--devices-width'));
  expect(await property()).not.toBe('');
  // away and back inside the application: this project's size is restored, and the other keeps the default
  await page.evaluate(() => localStorage.clear());
  await page.getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { name: 'General' })).toBeVisible();
  await page.getByRole('link', { name: 'Live' }).click();
  await expect(live.row('speed')).toBeVisible();
  await expect.poll(property).toBe('');
  game.close();
});
