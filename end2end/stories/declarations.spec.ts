import { expectAccessible } from '../support/axe.ts';
import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { joinWithNewAccount, Settings } from '../support/team.ts';

const SPEED = { name: 'speed', type: 'integer', value: 5, min: 0, max: 10 };

test('declarations are frozen, and an admin decides on those that wait', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(SPEED);
  await open(page, server, project.live);
  await expect(new LivePage(page).row('speed')).toBeVisible();
  const settings = `/p/${project.id}/settings/schema`;
  await open(page, server, settings);
  await expect(page.getByText('Declarations take effect at once.')).toBeVisible();
  await page.getByRole('button', { name: 'Freeze' }).click();
  await expect(page.getByText('The declarations of this project are frozen.')).toBeVisible();
  await expect(page.getByText('Nothing is waiting.')).toBeVisible();

  const other = await Game.connect(server, project.key);
  other.declare({ ...SPEED, max: 200 }, { name: 'boss.hp', type: 'integer', value: 7 }, { name: 'made up', type: 'string', value: 'x' });
  await other.line.until(() => other.line.lines.some(line => line.startsWith('ERR frozen ')), () => 'notice of what waits');
  const row = (name: string) => page.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Waiting for consent: 3' })).toBeVisible();
  await expect(row('speed')).toContainText('changed');
  await expect(row('speed')).toContainText(/max: .*10.* → .*200/);
  await expect(row('boss.hp')).toContainText('new');
  await expect(row('boss.hp')).toContainText('127.0.0.1 #2');
  await expectAccessible(page);
  await shot(page, 'declarations');

  await row('made up').getByRole('button', { name: /^Dismiss/ }).click();
  await expect(page.getByRole('heading', { name: 'Waiting for consent: 2' })).toBeVisible();
  await row('boss.hp').getByRole('button', { name: /^Consent/ }).click();
  await expect(page.getByRole('heading', { name: 'Waiting for consent: 1' })).toBeVisible();
  await row('speed').getByRole('button', { name: /^Consent/ }).click();
  await expect(page.getByText('Nothing is waiting.')).toBeVisible();

  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('made up')).toBeHidden();
  await live.setNumber('boss.hp', '9');
  await live.setNumber('speed', '150');
  await Promise.all([game, other].map(one => one.untilValue('speed', 150)));

  await test.step('the page says whose declaration counts', async () => {
    await live.row('speed').locator('.chip').click();
    await expect(live.row('speed').locator('.delivery-declared')).toContainText('127.0.0.1 #2');
    await expect(live.row('speed').locator('.delivery-declared')).not.toContainText('offline');
    other.close();
    await expect(live.row('speed').locator('.delivery-declared')).toContainText('currently offline');
  });

  await test.step('unfrozen, they take effect at once again', async () => {
    await open(page, server, settings);
    await page.getByRole('button', { name: 'Unfreeze' }).click();
    await expect(page.getByText('Declarations take effect at once.')).toBeVisible();
    game.declare({ name: 'later', type: 'boolean', value: true });
    await open(page, server, project.live);
    await expect(live.row('later')).toBeVisible();
  });
  game.close();
});

test('the live page says how many declarations wait, and shows an admin where to decide', async ({
  page,
  server,
  project,
  stranger,
}) => {
  const game = await Game.connect(server, project.key);
  game.declare(SPEED);
  const theirs = await stranger();
  await joinWithNewAccount(theirs, await new Settings(page, server, project).invite('designer'), 'ben@example.org');
  await open(theirs, server, project.live);
  const settings = `/p/${project.id}/settings/schema`;
  await open(page, server, settings);
  await page.getByRole('button', { name: 'Freeze' }).click();
  await expect(page.getByText('Nothing is waiting.')).toBeVisible();
  await open(page, server, project.live);
  const [note, theirNote] = [page.locator('.pane-note'), theirs.locator('.pane-note')];
  await expect(new LivePage(page).row('speed')).toBeVisible();
  await expect(note).toHaveCount(0);

  game.declare({ ...SPEED, max: 200 });
  await expect(note).toHaveText('1 declaration is waiting for your consent. Review');
  await expect(theirNote).toHaveText('1 declaration is waiting for an admin’s consent.');
  await expect(theirNote.getByRole('link')).toHaveCount(0);
  await expectAccessible(page);
  await shot(page, 'declarations-waiting');
  await note.getByRole('link', { name: 'Review' }).click();
  await expect(page).toHaveURL(server.url + settings);
  await page.getByRole('button', { name: /^Consent/ }).click();
  await expect(page.getByText('Nothing is waiting.')).toBeVisible();
  await expect(theirNote).toHaveCount(0);
  game.close();
});

test('a report-only key declares nothing, and the page says what it tried', async ({ page, server, project }) => {
  const real = await Game.connect(server, project.key);
  real.declare(SPEED);
  const settings = new Settings(page, server, project);
  await settings.keys();
  await page.getByLabel('Name').fill('In the shops');
  await page.getByRole('checkbox', { name: /^Report-only/ }).check();
  await page.getByRole('button', { name: 'Create key' }).click();
  const row = settings.row('In the shops');
  await expect(row.locator('.pill')).toContainText(['active', 'report-only']);
  await row.locator('summary').filter({ hasText: 'Show' }).click();
  const key = (await row.locator('.reveal > code').innerText()).trim();

  const shop = await Game.connect(server, key);
  shop.declare({ ...SPEED, readonly: true }, { name: 'made up', type: 'string', value: 'x' });
  await shop.line.until(() => shop.line.lines.some(line => /^ERR report_only .*speed.*made up/.test(line)), () => 'a refusal');
  const live = new LivePage(page);
  await open(page, server, project.live);
  const told = live.devices.locator('summary').filter({ hasText: 'line refused', visible: true });
  await expect(told).toHaveText('1 line refused');
  await told.click();
  await expect(live.devices.locator('.refused[open]')).toContainText('1 × report_only');
  await expect(live.row('made up')).toBeHidden();
  await live.setNumber('speed', '8');
  await Promise.all([real, shop].map(one => one.untilValue('speed', 8)));

  await test.step('until an admin allows it', async () => {
    await settings.keys();
    await row.getByRole('button', { name: /^Allow declaring/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Allow declaring' }).click();
    await expect(row.locator('.pill')).toHaveText(['active']);
    shop.declare({ name: 'made up', type: 'string', value: 'x' });
    await open(page, server, project.live);
    await expect(live.row('made up')).toBeVisible();
  });
  real.close();
  shop.close();
});
