import { expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { Line } from '../support/line.ts';
import { LivePage } from '../support/live-page.ts';
import { Settings } from '../support/team.ts';

test('a key is rotated while games play, and the old one revoked', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 5 });
  const settings = new Settings(page, server, project);
  await settings.keys();
  await hydrated(page);
  const old = page.locator('.row').filter({ hasText: `${project.key.slice(0, 4)}…` });
  await expect(old, 'nobody reads it over a shoulder').not.toContainText(project.key.slice(4), { useInnerText: true });
  await old.locator('summary').filter({ hasText: 'Show' }).click();
  await expect(old).toContainText(project.key, { useInnerText: true });

  await test.step('with an overlap both work', async () => {
    await old.getByRole('button', { name: /^Rotate/ }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
    await dialog.getByRole('combobox', { name: 'Overlap' }).selectOption('1');
    await shot(page, 'key-rotate');
    await dialog.getByRole('button', { name: 'Create new key' }).click();
    await expect(old).toContainText('expires on');
    await hydrated(page);
    await shot(page, 'keys');
  });
  const fresh = page.locator('.row').filter({ hasText: 'active' });
  await fresh.locator('summary').filter({ hasText: 'Show' }).click();
  const key = (await fresh.locator('.reveal > code').innerText()).trim();
  expect(key).toMatch(/^[0-9a-f]{12}$/);
  expect(key).not.toBe(project.key);
  const second = await Game.connect(server, key);
  second.declare({ name: 'speed', type: 'integer', value: 5 });

  await test.step('one edit reaches games of both keys', async () => {
    await open(page, server, project.live);
    await new LivePage(page).setNumber('speed', '8');
    await Promise.all([game, second].map(one => one.untilValue('speed', 8)));
  });

  await test.step('revoking closes what is connected with it, and nothing else', async () => {
    await settings.keys();
    await old.getByRole('button', { name: /^Revoke/ }).click();
    await shot(page, 'key-revoke');
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke the key' }).click();
    await game.line.closed;
    await page.getByText('No longer active: 1 key').click();
    await expect(old).toContainText('revoked on');
    const late = await Line.connect(server);
    late.say(`v:${project.key}`);
    await late.until(() => late.lines.some(line => line.startsWith('ERR')), () => 'a refusal');
    late.close();

    await open(page, server, project.live);
    await new LivePage(page).setNumber('speed', '9');
    await second.untilValue('speed', 9);
  });
  second.close();
});

test('a key for each platform, by name', async ({ page, server, project, complaints }) => {
  complaints.allow(/422/);
  const settings = new Settings(page, server, project);
  await settings.keys();
  await page.getByLabel('Name').fill('   ');
  await page.getByRole('button', { name: 'Create key' }).click();
  await expect(page.getByRole('alert')).toHaveText('Give the key a name.');
  await page.getByLabel('Name').fill('Console build');
  await page.getByRole('button', { name: 'Create key' }).click();
  await expect(settings.row('Console build')).toContainText('active');
  await expect(settings.row('Console build')).toContainText('never used');
  await settings.row('Console build').locator('summary').filter({ hasText: 'Show' }).click();
  const key = (await settings.row('Console build').locator('.reveal > code').innerText()).trim();
  const game = await Game.connect(server, key);
  await expect(async () => {
    await page.reload();
    await expect(settings.row('Console build')).toContainText('used just now', { timeout: 500 });
  }).toPass();
  game.close();
});
