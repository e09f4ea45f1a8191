import { expectAccessible } from '../support/axe.ts';
import { AckingGame, expect, open, type Project, type Server, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
] as const;

test('variables, log and chips show the selected devices', async ({ page, server, project }) => {
  const [pixel, deck] = await threeGames(server, project);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('fps').locator('output')).toHaveText('60');
  await expect(live.logLine('deck wakes')).toBeVisible();

  await test.step('one, with a click on its row', async () => {
    await live.device('steamdeck').click();
    await expect(live.row('fps').locator('output')).toHaveText('31');
    await expect(live.logLine('deck wakes')).toBeVisible();
    await expect(live.logLine('pixel wakes')).toHaveCount(0);
    await expect(live.row('only_pixel'), 'it does not have the variable').toHaveCount(0);
    await expect(page).toHaveURL(/\?d=\d+$/);
    await expect(live.scope).toContainText('Showing steamdeck. 1 variable of other devices hidden.');
    await expect(live.scope).toContainText('Edits still go to all 3 games.');
    await expect(live.devices).toContainText('edits still go to 3 games');
  });

  await test.step('edits go to all, and the chip counts the selected one', async () => {
    await live.setNumber('speed', '7');
    await Promise.all([pixel, deck].map(game => game.untilSent('speed', 7)));
    await expect(live.status('speed')).toContainText('applied');
    await expect(live.status('speed')).not.toContainText('/3');
    await live.status('speed').click();
    await expect(live.deliveries('speed').getByRole('listitem')).toHaveCount(1);
    await expect(live.delivery('speed', 'steamdeck')).toBeVisible();
    await page.keyboard.press('Escape');
  });

  await test.step('several: Ctrl adds, a box adds, Shift takes all in between', async () => {
    await live.device('pixel-7').click({ modifiers: ['ControlOrMeta'] });
    await expect(live.scope).toContainText('Showing 2 of 3 devices.');
    await expect(live.logLine('pixel wakes')).toBeVisible();
    await expect(live.logLine('tester wakes')).toHaveCount(0);
    await live.deviceBox('pixel-7').uncheck();
    await expect(live.scope).toContainText('Showing steamdeck.');
    await live.device('pixel-7').click();
    await live.device('qa-win-3').click({ modifiers: ['Shift'] });
    await expect(live.scope).toContainText('Showing 3 of 3 devices.');
    await expect(page).toHaveURL(/\?d=\d+,\d+,\d+$/);
  });

  await test.step('new lines are filtered, too', async () => {
    await live.device('pixel-7').click();
    deck.log({ message: 'deck again' });
    pixel.log({ message: 'pixel again' });
    await expect(live.logLine('pixel again')).toBeVisible();
    await expect(live.logLine('deck again')).toHaveCount(0);
  });

  await test.step('a reload and a link show the same, from the first paint on', async () => {
    await expect(page).toHaveURL(/\?d=\d+$/);
    const drawn = await (await page.request.get(page.url())).text();
    expect(drawn).toContain('pixel again');
    expect(drawn).not.toContain('deck again');
    await open(page, server, new URL(page.url()).pathname + new URL(page.url()).search);
    await expect(live.deviceBox('pixel-7')).toBeChecked();
    await expect(live.scope).toContainText('Showing pixel-7.');
  });

  await test.step('back to all of them', async () => {
    await page.getByRole('button', { name: /^All devices/ }).click();
    await expect(live.scope).toHaveCount(0);
    await expect(live.logLine('deck again')).toBeVisible();
    await expect(live.row('only_pixel')).toBeVisible();
    await expect(page).toHaveURL(server.url + project.live);
  });
});

test('devices are selected with the keyboard alone', async ({ page, server, project }) => {
  await threeGames(server, project);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await page.getByRole('button', { name: /^All devices/ }).focus();
  await page.keyboard.press('Tab');
  await expect(live.deviceBox('pixel-7')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect(live.scope).toContainText('Showing steamdeck.');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(live.scope).toContainText('Showing 2 of 3 devices.');
  await expect(live.deviceBox('qa-win-3')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(live.scope).toContainText('Showing qa-win-3.');
  await page.keyboard.press('Home');
  await expect(live.deviceBox('pixel-7')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(live.scope).toHaveCount(0);
  await page.keyboard.press('Tab');
  await expect(live.deviceBox('steamdeck'), 'the list is one tab stop').not.toBeFocused();
});

test('devices are selected at every width', async ({ page, server, project }) => {
  await threeGames(server, project);
  const live = new LivePage(page);
  await open(page, server, project.live);
  for (const size of SIZES) {
    await test.step(`${size.width} px`, async () => {
      await page.setViewportSize(size);
      await live.showPane('Devices');
      const before = await live.device('pixel-7').boundingBox();
      await live.deviceBox('steamdeck').check();
      await live.deviceBox('qa-win-3').check();
      expect(await live.device('pixel-7').boundingBox(), 'the devices stay where they are').toEqual(before);
      await expectAccessible(page);
      await live.showPane('Variables');
      await expect(live.row('fps').locator('output')).toHaveText('31');
      await expect(live.scope).toContainText('Edits still go to all 3 games.');
      await expectAccessible(page);
      await live.showPane('Logs');
      await expect(live.logLine('pixel wakes')).toHaveCount(0);
      await expect(page.locator('.pane--logs .scope')).toContainText('Lines from 2 of 3 devices.');
      await page.locator('.pane--logs .scope').getByRole('button', { name: 'Show all devices' }).click();
      await expect(live.logLine('pixel wakes')).toBeVisible();
      await live.showPane('Variables');
    });
  }
  await live.showPane('Devices');
  await live.device('steamdeck').click();
  await live.showPane('Variables');
  await shot(page, 'devices-selected');
});

/** Three games with different values and lines. */
async function threeGames(server: Server, project: Project): Promise<[AckingGame, AckingGame, AckingGame]> {
  const pixel = await connect(server, project, 'pixel-7', 60);
  const deck = await connect(server, project, 'steamdeck', 31);
  const tester = await connect(server, project, 'qa-win-3', 60);
  pixel.declare({ name: 'only_pixel', type: 'integer', value: 1 });
  pixel.log({ message: 'pixel wakes' });
  deck.log({ message: 'deck wakes' });
  tester.log({ message: 'tester wakes' });
  await Promise.all([pixel, deck, tester].map(game => game.untilStored()));
  return [pixel, deck, tester];
}

async function connect(server: Server, project: Project, device: string, fps: number): Promise<AckingGame> {
  const game = await AckingGame.connect(server, project.key, { device, name: device });
  game.declare(
    { name: 'speed', type: 'integer', value: 1, min: 0, max: 100 },
    { name: 'fps', type: 'integer', value: fps, readonly: true },
  );
  await game.untilStored();
  return game;
}
