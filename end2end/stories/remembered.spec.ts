import type { Page } from '@playwright/test';
import { expect, Game, hydrated, open, type Project, type Server, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('filters are in the address, for a reload and for others', async ({ page, server, project, another }) => {
  await someVariables(page, server, project);
  const live = new LivePage(page);
  await page.goto(server.url);
  await open(page, server, project.live);
  await live.varFilter.fill('speed 100%');
  await expect(page.getByText('No variable has')).toBeVisible();
  await live.varFilter.fill('speed');
  await expect(live.row('player.jump')).toHaveCount(0);
  await live.logFilter.fill('level>=warn "50 %"');
  await live.logLevel.selectOption('info');
  await expect(page).toHaveURL(`${server.url}${project.live}?q=speed&log=level%3E%3Dwarn%20%2250%20%25%22&level=info`);

  await test.step('a reload keeps them, from the server-rendered page on', async () => {
    const drawn = await (await page.request.get(page.url())).text();
    expect(drawn).toContain('load is at 50 %');
    expect(drawn).not.toContain('player.jump');
    expect(drawn).not.toContain('nothing of note');
    await page.reload();
    await hydrated(page);
    await shows(live);
  });
  await test.step('somebody else who gets the address sees the same', async () => {
    const ben = new LivePage(await another());
    await ben.page.goto(page.url());
    await hydrated(ben.page);
    await shows(ben);
  });
  await test.step('the next visit restores them', async () => {
    await page.goto(server.url);
    await open(page, server, project.live);
    await shows(live);
    await page.getByRole('link', { name: 'Settings' }).click();
    await expect(page.getByRole('heading', { name: 'General' })).toBeVisible();
    await page.getByRole('link', { name: 'Live' }).click();
    await shows(live);
  });
  await test.step('going back leaves the page', async () => {
    await open(page, server, '/');
    await open(page, server, project.live);
    await live.varFilter.fill('jump');
    await expect(page).toHaveURL(/\?q=jump&/);
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
    await hydrated(page);
    await page.goForward();
    await expect(live.varFilter).toHaveValue('jump');
  });
  await test.step('what is cleared is forgotten', async () => {
    await live.varFilter.fill('');
    await live.logFilter.fill('');
    await live.logLevel.selectOption('trace');
    await expect(page).toHaveURL(server.url + project.live);
    await page.goto(server.url);
    await open(page, server, project.live);
    await expect(live.row('player.jump')).toBeVisible();
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
  });
});

test('closed groups stay closed, from the first paint on', async ({ page, server, project }) => {
  await someVariables(page, server, project);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.group('player').locator('summary').click();
  await expect(live.row('player.speed')).toBeHidden();
  await expect(live.row('boss.speed')).toBeVisible();

  await test.step('a filter opens groups with matches, and does not change that', async () => {
    await live.varFilter.fill('speed');
    await expect(live.row('player.speed')).toBeVisible();
    await live.varFilter.fill('');
    await expect(live.row('player.speed')).toBeHidden();
    await expect(page).toHaveURL(server.url + project.live);
  });
  await test.step('a reload keeps it, and hydration moves nothing', async () => {
    let release = () => undefined as void;
    const held = new Promise<void>(done => (release = done));
    await page.route('**/*.wasm', async route => {
      await held;
      await route.continue();
    });
    await page.reload({ waitUntil: 'commit' });
    await expect(live.row('boss.speed')).toBeVisible();
    await expect(live.row('player.speed'), 'before hydration').toBeHidden();
    release();
    await hydrated(page);
    await expect(page.locator('.link-state')).toContainText('Connected');
    await expect(live.row('player.speed'), 'and after').toBeHidden();
  });
  await test.step('it can be opened again', async () => {
    await live.group('player').locator('summary').click();
    await expect(live.row('player.speed')).toBeVisible();
    await page.reload();
    await hydrated(page);
    await expect(live.row('player.speed')).toBeVisible();
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
  });
});

test('text typed into a filter before hydration counts', async ({ page, server, project }) => {
  await someVariables(page, server, project);
  let release = () => undefined as void;
  const held = new Promise<void>(done => (release = done));
  await page.route('**/*.wasm', async route => {
    await held;
    await route.continue();
  });
  const live = new LivePage(page);
  await page.goto(server.url + project.live, { waitUntil: 'commit' });
  await live.varFilter.fill('boss');
  release();
  await hydrated(page);
  await expect(live.row('player.speed')).toHaveCount(0);
  await expect(live.varFilter).toHaveValue('boss');
});

async function shows(live: LivePage): Promise<void> {
  await expect(live.varFilter).toHaveValue('speed');
  await expect(live.logFilter).toHaveValue('level>=warn "50 %"');
  await expect(live.logLevel).toHaveValue('info');
  await expect(live.row('player.speed')).toBeVisible();
  await expect(live.row('player.jump')).toHaveCount(0);
  await expect(live.logLine('load is at 50 %')).toBeVisible();
  await expect(live.logLine('nothing of note')).toHaveCount(0);
}

/** They are stored, so that the next rendered page has them. */
async function someVariables(page: Page, server: Server, project: Project): Promise<void> {
  const game = await Game.connect(server, project.key);
  game.declare(
    { name: 'player.speed', type: 'integer', value: 5 },
    { name: 'player.jump', type: 'integer', value: 5 },
    { name: 'boss.speed', type: 'integer', value: 5 },
  );
  game.log({ message: 'load is at 50 %', level: 'warn' }, { message: 'nothing of note', level: 'info' });
  const drawn = async () => (await page.request.get(server.url + project.live)).text();
  await expect.poll(drawn).toContain('nothing of note');
}
