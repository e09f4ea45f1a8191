import { expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { fillSignIn, joinWithNewAccount, openLink, PASSWORD, Settings, signIn } from '../support/team.ts';

const BEN = 'ben@example.org';

test('signing out everywhere closes the page of another browser, which comes back after signing in', async ({
  page,
  server,
  project,
  stranger,
}) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 5 });
  const bens = await stranger();
  await joinWithNewAccount(bens, await new Settings(page, server, project).invite('designer'), BEN);
  const laptop = await stranger();
  await signIn(laptop, server, BEN);
  await expect(laptop.getByRole('heading', { name: 'Projects' })).toBeVisible();
  await open(laptop, server, project.live);
  await expect(new LivePage(laptop).number('speed')).toHaveValue('5');

  await open(bens, server, '/account');
  await expect(bens.locator('.row')).toHaveCount(2);
  await expect(bens.locator('.row').filter({ hasText: 'this browser' })).toHaveCount(1);
  await shot(bens, 'account');
  await bens.getByRole('button', { name: 'Sign out everywhere…' }).click();
  await bens.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(bens.getByRole('heading', { name: 'Sign in' })).toBeVisible();

  await expect(laptop.getByRole('alert')).toContainText('You were signed out.');
  await fillSignIn(laptop, BEN);
  await expect(laptop).toHaveURL(`${server.url}${project.live}`);
  game.close();
});

test('one browser of several is signed out', async ({ page, server, project, stranger }) => {
  const bens = await stranger();
  await joinWithNewAccount(bens, await new Settings(page, server, project).invite('viewer'), BEN);
  const laptop = await stranger();
  await signIn(laptop, server, BEN);
  await expect(laptop.getByRole('heading', { name: 'Projects' })).toBeVisible();
  await open(bens, server, '/account');
  await bens.locator('.row').getByRole('button', { name: 'Sign out' }).click();
  await expect(bens.locator('.row')).toHaveCount(1);
  await laptop.goto(`${server.url}/account`);
  await expect(laptop).toHaveURL(`${server.url}/sign-in?next=%2Faccount`);
});

test('changing a password takes the old one', async ({ page, server, project, stranger, complaints }) => {
  complaints.allow(/422/);
  const bens = await stranger();
  await joinWithNewAccount(bens, await new Settings(page, server, project).invite('viewer'), BEN);
  const laptop = await stranger();
  await signIn(laptop, server, BEN);
  await expect(laptop.getByRole('heading', { name: 'Projects' })).toBeVisible();

  await open(bens, server, '/account');
  const change = async (current: string, next: string) => {
    await bens.getByLabel('Current password').fill(current);
    await bens.getByLabel('New password').fill(next);
    await bens.getByRole('button', { name: 'Change password' }).click();
  };
  await change('not the sentence', 'quite another long sentence');
  await expect(bens.getByRole('alert')).toHaveText('This is not your current password.');
  await change(PASSWORD, 'qwertyuiop');
  await expect(bens.getByRole('alert')).toContainText('too easy to guess');
  await change(PASSWORD, 'quite another long sentence');
  await expect(bens.getByRole('status')).toContainText('Password changed');

  await laptop.goto(server.url);
  await expect(laptop, 'other browsers are signed out').toHaveURL(/\/sign-in/);
  await fillSignIn(laptop, BEN);
  await expect(laptop.getByRole('alert')).toContainText('do not match');
  await fillSignIn(laptop, BEN, 'quite another long sentence');
  await expect(laptop.getByRole('heading', { name: 'Projects' })).toBeVisible();
});

test('a token is shown once', async ({ page, server, project }) => {
  await open(page, server, '/account/tokens');
  await page.getByLabel('Purpose').fill('nightly build');
  await page.getByRole('combobox', { name: 'Scope' }).selectOption('write');
  await page.getByRole('combobox', { name: 'Project' }).selectOption({ label: 'Test game' });
  await page.getByRole('combobox', { name: 'Expires after' }).selectOption('30');
  const [answer] = await Promise.all([
    page.waitForResponse(response => response.request().method() === 'POST'),
    page.getByRole('button', { name: 'Create token' }).click(),
  ]);
  expect(answer.status()).toBe(200);
  expect(answer.headers()['cache-control']).toBe('no-store');
  const field = page.getByRole('textbox', { name: 'New token' });
  await expect(field).toHaveValue(/^obs_[\w-]{43}$/);
  const secret = await field.inputValue();
  await hydrated(page);
  await expect(field, 'hydration does not lose it').toHaveValue(secret);
  await shot(page, 'token');
  expect(page.url()).toBe(`${server.url}/account/tokens`);
  const row = page.locator('.row').filter({ hasText: 'nightly build' });
  await expect(row).toContainText(`${secret.slice(0, 8)}…`);
  await expect(row).toContainText('write');
  await expect(row).toContainText('Test game');
  await expect(row).toContainText('never used');

  await test.step('reloading the page creates no second one', async () => {
    await page.reload();
    await expect(page.locator('.row')).toHaveCount(1);
    expect(await page.content()).not.toContain(secret);
  });
  await test.step('going back does not show it', async () => {
    await page.goto(server.url + project.live);
    await page.goBack();
    await expect(page.locator('.row')).toHaveCount(1);
    expect(await page.content()).not.toContain(secret);
  });
  await row.getByRole('button', { name: 'Delete… nightly build' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the token' }).click();
  await expect(page.getByText('You have no API tokens.')).toBeVisible();
});

test('the owner creates a reset link, which works once', async ({ page, server, project, stranger }) => {
  const bens = await stranger();
  await joinWithNewAccount(bens, await new Settings(page, server, project).invite('viewer'), BEN);
  await open(page, server, '/accounts');
  const row = page.locator('.row').filter({ hasText: BEN });
  await row.getByRole('button', { name: 'Create reset link' }).click();
  const link = await page.getByRole('textbox', { name: 'Reset link' }).inputValue();
  expect(link).toMatch(/\/reset#token=[\w-]{43}$/);
  await hydrated(page);
  await shot(page, 'reset-link');

  const elsewhere = await stranger();
  await openLink(elsewhere, link);
  expect(elsewhere.url(), 'the secret is gone from the address').toBe(`${server.url}/reset`);
  await expect(elsewhere.getByLabel('E-mail')).toHaveValue(BEN);
  await hydrated(elsewhere);
  await shot(elsewhere, 'reset');
  await elsewhere.getByLabel('New password').fill('quite another long sentence');
  await elsewhere.getByRole('button', { name: 'Set password and sign in' }).click();
  await expect(elsewhere.getByRole('heading', { name: 'Projects' })).toBeVisible();
  expect(elsewhere.url()).toBe(`${server.url}/`);
  await bens.goto(server.url);
  await expect(bens, 'open sessions end').toHaveURL(/\/sign-in/);
  await openLink(bens, link);
  await expect(bens.getByRole('heading', { name: 'This link no longer works' })).toBeVisible();
  await hydrated(bens);
  await shot(bens, 'reset-spent');

  await open(page, server, '/accounts');
  await row.getByRole('button', { name: `Delete… ${BEN}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the account' }).click();
  await expect(row).toHaveCount(0);
});

test('signing in leads only to pages of this server', async ({ page, server, project, stranger }) => {
  const bens = await stranger();
  await joinWithNewAccount(bens, await new Settings(page, server, project).invite('viewer'), BEN);
  for (const next of ['//127.0.0.1:9/', 'http://127.0.0.1:9/', '/\\127.0.0.1:9/', '/%09/127.0.0.1:9']) {
    // leave the live page first: its socket would reconnect without a session, and the browser would complain
    await bens.goto('about:blank');
    await bens.context().clearCookies();
    await bens.goto(`${server.url}/sign-in?next=${encodeURIComponent(next)}`);
    await fillSignIn(bens, BEN);
    await expect(bens.getByRole('button', { name: /^Account/ })).toBeVisible();
    expect(new URL(bens.url()).origin, next).toBe(server.url);
  }
});
