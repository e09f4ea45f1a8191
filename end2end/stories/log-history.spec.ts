import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('scrolling back reaches lines that the page never received', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(...many('line', 0, 1_800));
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.logLine('line 1799')).toBeVisible();

  await test.step('the place stays while older lines are added above it', async () => {
    const height = () => live.log.evaluate(log => log.scrollHeight);
    const before = await height();
    await live.log.evaluate(log => log.scrollTo(0, -(log.scrollHeight - log.clientHeight - 200)));
    await expect.poll(() => live.topLine()).toMatch(/line \d+/);
    const first = await live.topLine();
    await expect.poll(height).toBeGreaterThan(before + 5_000);
    game.log({ message: 'written in between' });
    await expect(live.pill).toContainText('1 new line');
    expect(await live.topLine()).toBe(first);
  });

  await test.step('up to the first line', async () => {
    await expect(async () => {
      await live.log.evaluate(log => log.scrollTo(0, -log.scrollHeight));
      await expect(live.log.getByText('The log starts here.')).toBeVisible({ timeout: 500 });
    }).toPass();
    await expect(live.log.getByText('line 0', { exact: true })).toBeVisible();
    await shot(page, 'log-beginning');
  });

  await test.step('following again shows what arrived in between', async () => {
    await live.pill.click();
    await expect(live.logLine('written in between')).toBeVisible();
  });
  game.close();
});

test('a filter finds older lines than the page has, and says how far it has searched', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log({ message: 'the first needle' });
  for (let sent = 0; sent < 22_000; sent += 2_000) game.log(...many('hay', sent, sent + 2_000));
  const stored = async () => (await page.request.get(server.url + project.live)).text();
  await expect.poll(stored, 'everything is stored first').toContain('hay 21999');
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.logLine('hay 21999')).toBeVisible();
  // the index of words doesn't help to find lines without a word, and one answer covers 20,000 lines
  await live.logFilter.fill('-hay');
  await expect(live.log.getByText(/No matches so far\. Searched 20,500 lines, back to .*\./)).toBeVisible();
  await shot(page, 'log-look-further');
  await live.log.getByRole('button', { name: 'Search further' }).click();
  await expect(live.logLine('the first needle')).toBeVisible();
  game.log({ message: 'a new needle' });
  await expect(live.logLine('a new needle')).toBeVisible();
  await live.logFilter.fill('nowhere');
  const further = live.log.getByRole('button', { name: 'Search further' });
  await expect(async () => {
    if (await further.isVisible()) await further.click({ timeout: 500 });
    await expect(live.log.getByText('No matches in all 22,002 lines.')).toBeVisible({ timeout: 500 });
  }).toPass();
  game.close();
});

test('lines that arrive while the page is offline are a gap that can be filled', async ({ page, context, server, project, complaints }) => {
  complaints.allow(/ERR_INTERNET_DISCONNECTED|WebSocket/);
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log({ message: 'before' });
  const live = new LivePage(page);
  const routes: { close: () => Promise<void> }[] = [];
  let isAway = false;
  await page.routeWebSocket(/\/live/, socket => {
    if (isAway) return void socket.close();
    routes.push(socket);
    socket.connectToServer();
  });
  await open(page, server, project.live);
  await expect(live.logLine('before')).toBeVisible();
  isAway = true;
  await Promise.all(routes.map(route => route.close()));
  await expect(live.banner).toBeVisible();
  game.log(...many('missed', 0, 700));
  isAway = false;
  // it retries at growing intervals
  await expect(live.logLine('missed 699')).toBeVisible({ timeout: 30_000 });
  await expect(live.banner).toBeHidden();
  await live.log.evaluate(log => log.scrollTo(0, -log.scrollHeight));
  const load = live.log.getByRole('button', { name: 'Load them' });
  await expect(live.log.getByText('200 lines arrived while disconnected')).toBeVisible();
  await shot(page, 'log-gap');
  // the screenshot at phone size has scrolled it
  await live.log.evaluate(log => log.scrollTo(0, -log.scrollHeight));
  await load.click();
  await expect(load).toBeHidden();
  await expect(async () => {
    await live.log.evaluate(log => log.scrollTo(0, -log.scrollHeight));
    await expect(live.log.getByText('missed 0', { exact: true })).toBeVisible({ timeout: 500 });
  }).toPass();
  expect(context.pages()).toHaveLength(1);
  game.close();
});

function many(word: string, from: number, to: number): { message: string; level: string }[] {
  return Array.from({ length: to - from }, (_, index) => ({ message: `${word} ${from + index}`, level: 'info' }));
}
