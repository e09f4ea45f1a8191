import { expectAccessible } from '../support/axe.ts';
import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const PHONE = { width: 390, height: 844 };

test('a phone shows about ten variables, and their fields are aligned', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  const units = ['m/s', '', 'kilometres per hour squared', '%', '°C'];
  game.declare(
    ...Array.from({ length: 14 }, (_, index) => ({
      name: `number_${index}`,
      type: 'float',
      value: index,
      min: 0,
      max: 100,
      unit: units[index % units.length],
      ...(index % 2 ? { default: index + 1 } : {}),
    })),
    { name: 'title', type: 'string', value: 'Level one', default: 'Level two' },
    { name: 'plain', type: 'integer', value: 1 },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('plain')).toBeVisible();
  for (const size of [PHONE, { width: 1024, height: 768 }]) {
    await page.setViewportSize(size);
    const ends = await page.locator('.var-control').evaluateAll(controls => [
      ...new Set(controls.map(control => Math.round(control.getBoundingClientRect().right))),
    ]);
    expect(ends, `where fields end at ${size.width} px`).toHaveLength(1);
    const starts = await page.locator('.var-control .number--ranged > .entry').evaluateAll(fields => [
      ...new Set(fields.map(field => Math.round(field.getBoundingClientRect().left))),
    ]);
    expect(starts, `where fields of numbers begin at ${size.width} px`).toHaveLength(1);
  }
  await page.setViewportSize(PHONE);
  const whole = await page.locator('li.var').evaluateAll(rows => {
    const end = document.querySelector('.pane--vars .pane-body')?.getBoundingClientRect().bottom ?? 0;
    return rows.filter(row => row.getBoundingClientRect().bottom <= end).length;
  });
  expect(whole).toBeGreaterThanOrEqual(10);
  await shot(page, 'phone-rows');
  game.close();
});

test('the top bar keeps what is needed on a phone', async ({ page, server, project }) => {
  await page.setViewportSize(PHONE);
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 5 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('speed')).toBeVisible();

  await test.step('the theme', async () => {
    const theme = page.getByRole('button', { name: /^Theme: / });
    await expect(theme).toBeInViewport({ ratio: 1 });
    await theme.click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await theme.click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
    await theme.click();
  });
  await test.step('the project, its settings and the account', async () => {
    await expect(page.getByRole('heading', { level: 1, name: 'Test game' })).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole('link', { name: 'Settings' })).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole('button', { name: /^Account/ })).toBeInViewport({ ratio: 1 });
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(sideways).toBe(0);
  });
  await test.step('a game can be connected from the devices pane', async () => {
    await live.showPane('Devices');
    await live.devices.getByRole('button', { name: 'Connect a game' }).click();
    await expect(page.getByRole('dialog', { name: 'Connect a game' })).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await shot(page, 'phone-devices');
  });
  game.close();
});

test('the connect button is quiet once a game is connected', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 5 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('speed')).toBeVisible();
  const connect = page.getByRole('banner').getByRole('button', { name: 'Connect a game' });
  await expect(connect).toHaveCSS('background-color', 'rgba(0, 0, 0, 0)');
  const place = await connect.boundingBox();
  game.close();
  await expect(page.getByRole('banner')).toContainText('0 live');
  await expect(connect).not.toHaveCSS('background-color', 'rgba(0, 0, 0, 0)');
  expect(await connect.boundingBox(), 'and it stays where it is').toEqual(place);
});
