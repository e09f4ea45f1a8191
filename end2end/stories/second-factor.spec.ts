import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/axe.ts';
import { expect, hydrated, open, shot, test } from '../support/fixtures.ts';
import { fillSignIn, joinWithNewAccount, Settings, signIn } from '../support/team.ts';
import { totp } from '../support/totp.ts';

const BEN = 'ben@example.org';

/** Sets one up, and returns the secret. */
async function enrol(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Set it up' }).click();
  await expect(page.getByRole('img', { name: 'The secret as a QR code' })).toBeVisible();
  const secret = (await page.locator('.enrolment code').textContent()) ?? '';
  await hydrated(page);
  await shot(page, 'second-factor-enrol');
  await expectAccessible(page);
  await page.getByLabel('Code', { exact: true }).fill(totp(secret));
  await page.getByRole('button', { name: 'Turn it on' }).click();
  return secret;
}

test('a second factor is set up, required, and each code works once', async ({ page, server, project, stranger, complaints }) => {
  complaints.allow(/422/);
  const bens = await stranger();
  await joinWithNewAccount(bens, await new Settings(page, server, project).invite('designer'), BEN);
  await open(bens, server, '/account/second-factor');
  await shot(bens, 'second-factor-off');
  const secret = await enrol(bens);
  const codes = bens.locator('.recovery-codes li');
  await expect(codes).toHaveCount(10);
  await hydrated(bens);
  await shot(bens, 'second-factor-codes');
  await expectAccessible(bens);
  const recovery = (await codes.first().textContent()) ?? '';
  await test.step('secrets are shown once', async () => {
    await bens.reload();
    await expect(bens.getByText('10 recovery codes left')).toBeVisible();
    expect(await bens.content()).not.toContain(recovery);
    await hydrated(bens);
    await shot(bens, 'second-factor-on');
  });

  const laptop = await stranger();
  const code = laptop.getByLabel('Code', { exact: true });
  const enter = async (digits: string) => {
    await code.fill(digits);
    await laptop.getByRole('button', { name: 'Sign in' }).click();
  };
  await laptop.goto(`${server.url}${project.live}`);
  await fillSignIn(laptop, BEN);
  await expect(code).toBeVisible();
  await hydrated(laptop);
  await shot(laptop, 'sign-in-code');
  await expectAccessible(laptop);
  await enter('000000');
  await expect(laptop.getByRole('alert')).toContainText('This code is wrong');
  const now = totp(secret, 1);
  await enter(now);
  await expect(laptop, 'and on to the page that was requested').toHaveURL(`${server.url}${project.live}`);

  const other = await stranger();
  await signIn(other, server, BEN);
  await other.getByLabel('Code', { exact: true }).fill(now);
  await other.getByRole('button', { name: 'Sign in' }).click();
  await expect(other.getByRole('alert')).toContainText('was already used');
  await other.getByLabel('Code', { exact: true }).fill(recovery);
  await other.getByRole('button', { name: 'Sign in' }).click();
  await expect(other.getByRole('heading', { name: 'Projects' })).toBeVisible();
});

test('a project requires a second factor, and open pages close', async ({
  page,
  server,
  project,
  stranger,
  complaints,
}) => {
  complaints.allow(/403/);
  const bens = await stranger();
  await joinWithNewAccount(bens, await new Settings(page, server, project).invite('admin'), BEN);
  const cleos = await stranger();
  await joinWithNewAccount(cleos, await new Settings(page, server, project).invite('viewer'), 'cleo@example.org');
  await open(bens, server, '/account/second-factor');
  await enrol(bens);
  await expect(bens.locator('.recovery-codes li')).toHaveCount(10);
  await open(bens, server, `/p/${project.id}/settings`);
  await shot(bens, 'project-second-factor');
  await bens.getByRole('button', { name: 'Require a second factor' }).click();
  await expect(bens.getByRole('status')).toHaveText('Saved.');

  await expect(cleos.getByRole('alert')).toContainText('it now requires a second factor');
  await cleos.goto(`${server.url}${project.live}`);
  await expect(cleos.getByRole('heading', { name: 'This page requires a second factor' })).toBeVisible();
  await hydrated(cleos);
  await shot(cleos, 'second-factor-needed');
  await cleos.getByRole('link', { name: 'Set up a second factor' }).click();
  await enrol(cleos);
  await expect(cleos.locator('.recovery-codes li')).toHaveCount(10);
  await open(cleos, server, project.live);
  await expect(cleos.getByRole('heading', { level: 1 })).toContainText('Test game');
});
