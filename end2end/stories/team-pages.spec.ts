import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/axe.ts';
import { expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { fillSignIn, joinWithNewAccount, openLink, Settings } from '../support/team.ts';

const BEN = 'ben@example.org';
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;
/** The least side of a touch target, in pixels. */
const FINGER = 44;

test('no page for teams breaks a rule of WCAG 2.2 AA, and touch targets are large enough', async ({
  page,
  server,
  project,
  stranger,
  complaints,
}) => {
  complaints.allow(/40[34]/);
  const settings = new Settings(page, server, project);
  const bens = await stranger();
  await joinWithNewAccount(bens, await settings.invite('designer', 'Ben'), BEN);
  const open_invitation = await settings.invite('viewer', 'Cleo, sound');
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 5 });
  await settings.keys();
  await page.getByLabel('Name').fill('Console build');
  await page.getByRole('button', { name: 'Create key' }).click();
  await expect(settings.row('Console build')).toBeVisible();
  await page.goto(`${server.url}/account/tokens`);
  await page.getByLabel('Purpose').fill('nightly build');
  await page.getByRole('button', { name: 'Create token' }).click();
  await expect(page.getByRole('textbox', { name: 'New token' })).toBeVisible();

  const at = `/p/${project.id}/settings`;
  const pages = [
    [at, 'settings'],
    [`${at}/members`, 'members'],
    [`${at}/keys`, 'keys-two'],
    [`${at}/schema`, 'schema'],
    [`${at}/audit`, 'audit-short'],
    ['/account', 'account-owner'],
    ['/account/tokens', 'tokens'],
    ['/accounts', 'accounts'],
    ['/audit', 'audit-instance'],
  ] as const;
  for (const [path, name] of pages) {
    await test.step(path, async () => {
      await open(page, server, path);
      await look(page, name);
    });
  }
  await test.step('menus and dialogs', async () => {
    await open(page, server, `${at}/members`);
    await page.getByRole('button', { name: /^Account/ }).click();
    await expect(page.getByRole('link', { name: 'Your account' })).toBeVisible();
    await look(page, 'account-menu');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('link', { name: 'Your account' })).toBeHidden();
    await page.getByRole('button', { name: `Remove… ${BEN}` }).click();
    await look(page, 'member-remove');
  });
  await test.step('what others see', async () => {
    await open(bens, server, `${at}/members`);
    await look(bens, 'members-designer');
    await open(bens, server, `${at}/keys`);
    await look(bens, 'keys-designer');
    await bens.goto(server.url + at);
    await hydrated(bens);
    await look(bens, 'not-for-you');
    const cleo = await stranger();
    await openLink(cleo, open_invitation);
    await hydrated(cleo);
    await look(cleo, 'join-new');
    for (const [path, name] of [['/join', 'join-nothing'], ['/reset', 'reset-nothing'], ['/setup', 'set-up-nothing']] as const) {
      await open(cleo, server, path);
      await look(cleo, name);
    }
  });
  game.close();
});

async function look(page: Page, name: string): Promise<void> {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await expectAccessible(page);
    expect(await overflow(page), `${name} at ${size.width} px scrolls sideways`).toBe(0);
  }
  expect(await smallTargets(page), `targets of ${name} on a phone`).toEqual([]);
  expect(await strayLabels(page), `labels of ${name} on a phone`).toEqual([]);
  await page.setViewportSize(SIZES[0]);
  await shot(page, name);
}

async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
}

/** Touch targets that are too small; links inside sentences may be as large as their words. */
async function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(finger => {
    const all = document.querySelectorAll<HTMLElement>('main :is(button, select, input, summary, nav a), [popover] :is(button, a), header :is(button, nav a)');
    return [...all]
      .filter(element => element.checkVisibility() && element.getBoundingClientRect().height > 0)
      .filter(element => element.getAttribute('type') !== 'hidden' && !element.closest('.theme'))
      // the label beside a box presses it, too
      .map(element => (element.getAttribute('type') === 'checkbox' && element.closest('label')) || element)
      .filter(element => element.getBoundingClientRect().height < finger - 0.5)
      .map(element => `${element.outerHTML.slice(0, 120)} ${element.getBoundingClientRect().height}`);
  }, FINGER);
}

/** Fields that are further below their labels than the height of a line. */
async function strayLabels(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const gap = (field: Element) => {
      const [label, input] = [field.firstElementChild, field.querySelector('input, select')];
      return label && input ? input.getBoundingClientRect().top - label.getBoundingClientRect().bottom : 0;
    };
    return [...document.querySelectorAll('.form-field')].filter(field => gap(field) > 20).map(field => `${field.textContent} ${gap(field)}`);
  });
}

test('with the keyboard alone somebody is invited, and a dialog is cancelled', async ({ page, server, project }) => {
  await open(page, server, `/p/${project.id}/settings/members`);
  await page.getByRole('combobox', { name: 'Role', exact: true }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.type('Cleo');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Invitation link' }), 'the link has the focus').toBeFocused();

  await open(page, server, `/p/${project.id}/settings/keys`);
  const revoke = page.getByRole('button', { name: /^Revoke…/ });
  await revoke.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(revoke, 'and the focus returns').toBeFocused();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a viewer sees everything and can change nothing, and members are managed', async ({
    page,
    server,
    project,
    stranger,
    complaints,
  }) => {
    complaints.allow(/preload/, /\.js csp$/);
    const game = await Game.connect(server, project.key);
    game.declare(
      { name: 'speed', type: 'integer', value: 5, min: 0, max: 9 },
      { name: 'title', type: 'string', value: 'Level one' },
      { name: 'respawn', type: 'action', value: null },
    );
    const settings = new Settings(page, server, project);
    const bens = await stranger();
    await joinWithNewAccount(bens, await settings.invite('viewer'), BEN, { javaScript: false });
    const live = new LivePage(bens);
    await expect(async () => {
      await bens.reload();
      await expect(live.row('speed')).toBeVisible({ timeout: 500 });
    }).toPass();
    await expect(live.locked).toBeVisible();
    await expect(live.slider('speed')).toBeDisabled();
    await expect(live.text('title')).toHaveValue('Level one');
    await expect(live.text('title')).not.toBeEditable();
    await expect(live.action('respawn')).toHaveCount(0);
    await shot(bens, 'viewer-without-javascript');

    await settings.setRole(BEN, 'admin');
    await bens.goto(`${server.url}/p/${project.id}/settings/keys`);
    await bens.getByRole('button', { name: /^Rotate…/ }).click();
    await bens.getByRole('combobox', { name: 'Overlap' }).selectOption('0');
    await bens.getByRole('button', { name: 'Create new key' }).click();
    await game.line.closed;
    await bens.getByText('No longer active: 1 key').click();
    await expect(bens.locator('.row').filter({ hasText: 'expired on' })).toHaveCount(1);

    await bens.goto(`${server.url}/p/${project.id}/settings/members`);
    await bens.getByRole('button', { name: 'Leave… the project' }).click();
    await bens.getByRole('dialog').getByRole('button', { name: 'Leave the project' }).click();
    await expect(bens.getByRole('heading', { level: 1, name: 'Projects' })).toBeVisible();
    await expect(bens.locator('.project')).toHaveCount(0);
    await bens.getByRole('button', { name: /^Account/ }).click();
    await bens.getByRole('button', { name: 'Sign out' }).click();
    await fillSignIn(bens, BEN);
    await expect(bens.getByRole('heading', { level: 1, name: 'Projects' })).toBeVisible();
  });
});
