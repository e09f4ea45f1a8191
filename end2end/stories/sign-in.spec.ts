import { expect, hydrated, shot, test } from '../support/fixtures.ts';
import { openLink } from '../support/team.ts';

test('an owner with a password signs out and in again', async ({ page, server }) => {
  await openLink(page, server.setUpLink ?? '');
  await page.getByLabel('E-mail').fill('ana@example.org');
  await page.getByLabel('Password').fill('a long enough sentence');
  await page.getByRole('button', { name: 'Create owner account and sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Projects' })).toBeVisible();

  await hydrated(page);
  await page.getByRole('button', { name: 'Account: ana@example.org' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await page.goto(server.url);
  await expect(page, 'strangers see nothing').toHaveURL(/\/sign-in/);

  await page.getByLabel('E-mail').fill('ana@example.org');
  await page.getByLabel('Password').fill('not the sentence');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('do not match');
  await hydrated(page);
  await shot(page, 'sign-in-wrong');

  await page.getByLabel('E-mail').fill('ana@example.org');
  await page.getByLabel('Password').fill('a long enough sentence');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Projects' })).toBeVisible();
});
