import { createProject, expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { joinWithNewAccount, openLink, PASSWORD, Settings } from '../support/team.ts';

const BEN = 'ben@example.org';

test('a new member joins, edits, and is demoted and removed while the page is open', async ({
  page,
  server,
  owner,
  project,
  stranger,
  complaints,
}) => {
  complaints.allow(/404/);
  await createProject(owner, server, 'Somebody else’s game');
  const game = await Game.connect(server, project.key);
  game.declare(
    { name: 'speed', type: 'integer', value: 5, min: 0, max: 10, default: 3 },
    { name: 'title', type: 'string', value: 'Level one' },
    { name: 'god_mode', type: 'boolean', value: false },
    { name: 'mode', type: 'enum', value: 'easy', options: ['easy', 'hard'] },
    { name: 'sky', type: 'color', value: '#336699' },
    { name: 'respawn', type: 'action', value: null },
  );
  const settings = new Settings(page, server, project);
  const link = await settings.invite('designer', 'Ben, level design');
  await hydrated(page);
  await shot(page, 'invitation-link');

  const bens = await stranger();
  const live = new LivePage(bens);
  await test.step('the link says who invites, to which project and as what', async () => {
    await openLink(bens, link);
    await expect(bens.getByRole('heading', { level: 1 })).toHaveText('Join Test game');
    await expect(bens.getByText('owner invites you to Test game as a designer')).toBeVisible();
    await hydrated(bens);
    await shot(bens, 'join');
    await joinWithNewAccount(bens, link, BEN);
    expect(bens.url(), 'the token is gone from the address').not.toContain('token');
  });

  await test.step('they see exactly one project, and their role in it', async () => {
    await open(bens, server, '/');
    await expect(bens.locator('.project')).toHaveCount(1);
    await expect(bens.locator('.project')).toContainText('Test game');
    await expect(bens.locator('.project')).toContainText('designer');
  });

  await test.step('a game applies their edits', async () => {
    await open(bens, server, project.live);
    await live.setNumber('speed', '7');
    await game.untilValue('speed', 7);
    await expect(live.action('respawn')).toBeVisible();
    await expect(live.locked).toBeHidden();
  });

  await test.step('demoted: nothing can be changed, at once and without a banner', async () => {
    await bens.evaluate(() => Object.assign(window, { neverReloaded: true }));
    await settings.setRole(BEN, 'viewer');
    await expect(live.locked).toBeVisible();
    await expect(live.slider('speed')).toBeDisabled();
    await expect(live.number('speed')).not.toBeEditable();
    await expect(live.text('title')).not.toBeEditable();
    await expect(live.toggle('god_mode')).toBeDisabled();
    await expect(live.row('mode').getByRole('radio').first()).toBeDisabled();
    await expect(live.row('sky').locator('input[type=color]')).toBeDisabled();
    await expect(live.row('speed').locator('.reset')).toBeHidden();
    await expect(live.action('respawn')).toHaveCount(0);
    await expect(live.banner).toHaveCount(0);
    await expect(bens.locator('.link-state')).toContainText('Connected');
    game.declare({ name: 'speed', type: 'integer', value: 4, min: 0, max: 10, default: 3 });
    await expect(live.row('speed'), 'reports still arrive').toContainText('sent, reports 4');
    expect(await bens.evaluate(() => 'neverReloaded' in window)).toBe(true);
    await shot(bens, 'viewer');
  });

  await test.step('promoted: they can edit again', async () => {
    await settings.setRole(BEN, 'designer');
    await expect(live.locked).toBeHidden();
    await live.setNumber('speed', '9');
    await game.untilValue('speed', 9);
    expect(await bens.evaluate(() => 'neverReloaded' in window)).toBe(true);
  });

  await test.step('removed: to the projects, of which they have none', async () => {
    await settings.remove(BEN);
    await expect(bens.getByRole('alert')).toContainText('You are no longer a member of that project');
    await expect(bens.locator('.project')).toHaveCount(0);
    const answer = await bens.request.get(server.url + project.live);
    expect(answer.status(), 'as if it did not exist').toBe(404);
  });
  game.close();
});

test('a drag ends when the role is taken away', async ({ page, server, project, stranger, another }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 0, min: 0, max: 1000 });
  const settings = new Settings(page, server, project);
  const bens = await stranger();
  await joinWithNewAccount(bens, await settings.invite('designer'), BEN);
  await open(bens, server, project.live);
  const live = new LivePage(bens);
  const box = await live.slider('speed').boundingBox();
  if (!box) throw new Error('there is a slider');
  const y = box.y + box.height / 2;
  await bens.mouse.move(box.x + 8, y);
  await bens.mouse.down();
  await bens.mouse.move(box.x + box.width / 4, y, { steps: 10 });
  await game.line.until(() => Number(game.values.get('speed')) > 0, () => 'the drag so far');

  await settings.setRole(BEN, 'viewer');
  await expect(live.slider('speed')).toBeDisabled();
  await bens.mouse.move(box.x + box.width, y, { steps: 10 });
  await bens.mouse.up();

  // anything sent would have arrived before this
  const owners = await another();
  await open(owners, server, project.live);
  await new LivePage(owners).setNumber('speed', '11');
  await game.untilValue('speed', 11);
  await expect(live.number('speed')).toHaveValue('11');
  expect(await game.nextEdit()).not.toContain('1000');
  game.close();
});

test('an invitation is for one person, who may have an account', async ({
  page,
  server,
  owner,
  project,
  stranger,
  complaints,
}) => {
  const other = await createProject(owner, server, 'Second game');
  const settings = new Settings(page, server, project);
  const bens = await stranger();
  const first = await settings.invite('viewer', 'Ben');
  await joinWithNewAccount(bens, first, BEN);

  await test.step('it works once', async () => {
    const late = await stranger();
    await openLink(late, first);
    await expect(late.getByRole('heading', { name: 'This invitation no longer works' })).toBeVisible();
    await hydrated(late);
    await shot(late, 'join-spent');
  });

  await test.step('somebody who is signed in joins with one button', async () => {
    const second = await new Settings(page, server, other).invite('designer');
    await openLink(bens, second);
    await bens.getByRole('button', { name: 'Join Second game' }).click();
    await expect(bens).toHaveURL(`${server.url}${other.live}`);
  });

  await test.step('somebody who is not enters the e-mail and password of their account', async () => {
    complaints.allow(/422/);
    const third = await settings.invite('admin');
    const elsewhere = await stranger();
    await openLink(elsewhere, third);
    const join = async (password: string) => {
      await elsewhere.getByLabel('E-mail').fill(BEN);
      await elsewhere.getByLabel('Password').fill(password);
      await elsewhere.getByRole('button', { name: 'Sign in or create an account, then join' }).click();
    };
    await join('not the sentence');
    await expect(elsewhere.getByRole('alert')).toContainText('if you have an account here, enter its password');
    await join(PASSWORD);
    await expect(elsewhere).toHaveURL(`${server.url}${project.live}`);
    await elsewhere.getByRole('link', { name: 'Settings' }).click();
    await expect(elsewhere.getByRole('heading', { level: 1, name: 'General' })).toBeVisible();
  });

  await test.step('a revoked invitation does not work', async () => {
    const taken = await settings.invite('viewer', 'a mistake');
    await settings.members();
    await settings.row('a mistake').getByRole('button', { name: 'Revoke' }).click();
    await expect(settings.row('a mistake')).toHaveCount(0);
    await openLink(bens, taken);
    await expect(bens.getByRole('heading', { name: 'This invitation no longer works' })).toBeVisible();
  });
});

test('a password that is easy to guess is refused with a reason, and the link still works', async ({
  page,
  server,
  project,
  stranger,
  complaints,
}) => {
  complaints.allow(/422/);
  const link = await new Settings(page, server, project).invite('viewer');
  const bens = await stranger();
  await openLink(bens, link);
  await bens.getByLabel('E-mail').fill(BEN);
  await bens.getByLabel('Password').fill('password123');
  await bens.getByRole('button', { name: 'Sign in or create an account, then join' }).click();
  await expect(bens.getByRole('alert')).toContainText('too easy to guess');
  expect(bens.url()).not.toContain('token');
  await hydrated(bens);
  await shot(bens, 'join-refused');
  await expect(bens.getByLabel('E-mail')).toHaveValue(BEN);
  await bens.getByLabel('Password').fill(PASSWORD);
  await bens.getByRole('button', { name: 'Sign in or create an account, then join' }).click();
  await expect(bens).toHaveURL(`${server.url}${project.live}`);
});

test('nobody can open a page without permission, and nobody is shown a link to one', async ({
  page,
  server,
  project,
  stranger,
  complaints,
}) => {
  complaints.allow(/40[34]/);
  const settings = new Settings(page, server, project);
  const bens = await stranger();
  await joinWithNewAccount(bens, await settings.invite('viewer'), BEN);
  const at = (path: string) => `${server.url}/p/${project.id}${path}`;
  const links = bens.getByRole('navigation', { name: 'Settings' }).getByRole('link');

  await open(bens, server, `/p/${project.id}/settings/members`);
  await expect(links).toHaveText(['Members']);
  for (const path of ['/settings', '/settings/keys', '/settings/audit']) {
    expect((await bens.goto(at(path)))?.status(), path).toBe(403);
    await expect(bens.getByText('ask an admin of the project')).toBeVisible();
  }
  await hydrated(bens);
  await shot(bens, 'forbidden');
  for (const path of ['/accounts', '/audit']) expect((await bens.goto(server.url + path))?.status(), path).toBe(403);

  for (const path of [project.live, '/', `/p/${project.id}/settings/members`]) {
    const text = await (await bens.request.get(server.url + path)).text();
    expect(text, `${path} holds no key for a viewer`).not.toContain(project.key);
  }

  await settings.setRole(BEN, 'designer');
  await open(bens, server, `/p/${project.id}/settings/keys`);
  await expect(links).toHaveText(['Members', 'Keys']);
  await expect(bens.getByRole('button', { name: /^(Rotate|Revoke|Create|Make)/ })).toHaveCount(0);

  for (const path of ['/p/9999/live', '/p/9999/settings', '/p/x/settings/keys']) {
    expect((await bens.goto(server.url + path))?.status(), path).toBe(404);
  }
});

test('a project is renamed, and deleting it takes its name', async ({ page, server, project, complaints }) => {
  complaints.allow(/404/);
  await open(page, server, `/p/${project.id}/settings`);
  await page.getByLabel('Project name').fill('Better name');
  await page.getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByRole('status')).toContainText('Project renamed');
  await expect(page.locator('.project-title')).toHaveText('Better name');

  await page.getByLabel('To confirm, type its name').fill('better');
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await expect(page.getByRole('alert')).toContainText('Nothing was deleted');
  await page.getByLabel('To confirm, type its name').fill('Better name');
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Projects' })).toBeVisible();
  expect((await page.request.get(server.url + project.live)).status()).toBe(404);
});

test('the audit trail says who did what, and can be filtered', async ({ page, server, project, stranger }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 5 });
  const settings = new Settings(page, server, project);
  const bens = await stranger();
  await joinWithNewAccount(bens, await settings.invite('designer'), BEN);
  await open(bens, server, project.live);
  const live = new LivePage(bens);
  // more than one page
  for (let value = 10; value < 70; value += 1) {
    await live.setNumber('speed', String(value));
    await game.untilValue('speed', value);
  }

  await open(page, server, `/p/${project.id}/settings/audit`);
  const entries = page.locator('.trail-entry');
  await expect(entries).toHaveCount(50);
  await expect(entries.first()).toContainText('set speed');
  await expect(entries.first()).toContainText('68 → 69');
  await shot(page, 'audit');
  await page.getByRole('button', { name: 'Older entries' }).click();
  await expect(entries.last()).toContainText('created the project Test game');

  await page.getByRole('combobox', { name: 'Event' }).selectOption('member.');
  await page.getByLabel('Person').fill('BEN@');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(entries).toHaveCount(1);
  await expect(entries).toContainText('joined: ben@example.org');
  game.close();
});
