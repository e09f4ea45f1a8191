import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, hydrated, open, type Server, shot, test } from '../support/fixtures.ts';
import { joinWithNewAccount, PASSWORD, Settings } from '../support/team.ts';

const BEN = 'ben@example.org';

/** As if everybody had signed in long ago. */
function letTenMinutesPass(server: Server): void {
  const script = [
    'import sqlite3, sys',
    'c = sqlite3.connect(sys.argv[1], timeout=10)',
    'c.execute("UPDATE sessions SET confirmed_at = 1")',
    'c.commit()',
  ].join('\n');
  const done = spawnSync('python3', ['-c', script, join(server.dataDir, 'observerio.db')]);
  expect(done.status, String(done.stderr)).toBe(0);
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a deletion asks for the password again', async ({ page, server, project, stranger, complaints }) => {
      if (!javaScriptEnabled) complaints.allow(/preload/, /\.js csp$/);
      const bens = await stranger();
      const link = await new Settings(page, server, project).invite('admin');
      await joinWithNewAccount(bens, link, BEN, { javaScript: javaScriptEnabled });
      letTenMinutesPass(server);
      const settings = `${server.url}/p/${project.id}/settings`;
      await bens.goto(settings);
      if (javaScriptEnabled) await hydrated(bens);
      const again = bens.getByLabel('Confirm your password');
      await shot(bens, 'password-again');
      const erase = async (password: string) => {
        await bens.getByLabel('To confirm, type its name').fill('Test game');
        await again.fill(password);
        await bens.getByRole('button', { name: 'Delete for good' }).click();
      };
      await erase('not my password');
      await expect(bens.getByRole('alert')).toHaveText('Nothing was changed: that is not your password.');
      await erase(PASSWORD);
      await expect(bens).toHaveURL(`${server.url}/`);
      await bens.goto(`${server.url}/account/tokens`);
      await expect(again, 'it counts for a while').toHaveCount(0);
    });
  });
}

test('a page opened within ten minutes says when they are over, and then asks', async ({
  page,
  server,
  project,
  stranger,
}) => {
  const bens = await stranger();
  await joinWithNewAccount(bens, await new Settings(page, server, project).invite('admin'), BEN);
  await open(bens, server, `/p/${project.id}/settings/members`);
  const again = bens.getByRole('dialog').getByLabel('Confirm your password');
  await expect(again).toHaveCount(0);
  await open(bens, server, '/account/tokens');
  letTenMinutesPass(server);
  await bens.getByLabel('Purpose').fill('nightly build');
  await bens.getByRole('button', { name: 'Create token' }).click();
  await expect(bens.getByRole('alert')).toContainText('Nothing was changed: you signed in more than ten minutes ago.');
  await hydrated(bens);
  await shot(bens, 'token-password-again');
  await bens.getByLabel('Purpose').fill('nightly build');
  await bens.getByLabel('Confirm your password').fill(PASSWORD);
  await bens.getByRole('button', { name: 'Create token' }).click();
  await expect(bens.getByRole('textbox', { name: 'New token' })).toHaveValue(/^obs_/);
});
