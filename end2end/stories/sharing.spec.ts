import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('two browsers and two games see one edit', async ({ page, server, project, another }) => {
  const games = [await Game.connect(server, project.key), await Game.connect(server, project.key)];
  for (const game of games) game.declare({ name: 'gravity', type: 'float', value: 9.5, min: 0, max: 20, step: 0.5 });

  const ana = new LivePage(page);
  await open(page, server, project.live);
  const bens = await another();
  const ben = new LivePage(bens);
  await open(bens, server, project.live);
  await expect(ben.number('gravity')).toHaveValue('9.5');

  await ana.setNumber('gravity', '3');
  await Promise.all(games.map(game => game.untilValue('gravity', 3)));
  await expect(ben.number('gravity')).toHaveValue('3');
  await ana.expectApplied('gravity', 2);
  await ben.expectApplied('gravity', 2);
  await shot(page, 'two-games');

  games[0]?.close();
  await expect(ana.row('gravity')).toBeVisible();
  await ben.setNumber('gravity', '4');
  await games[1]?.untilValue('gravity', 4);
  await expect(ana.number('gravity')).toHaveValue('4');
  games[1]?.close();
});

test('new declarations show at once', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'first', type: 'integer', value: 1 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.number('first')).toHaveValue('1');
  game.declare({ name: 'second', type: 'integer', value: 2 });
  await expect(live.number('second')).toHaveValue('2');
  game.declare({ name: 'first', type: 'integer', value: 5 });
  await expect(live.number('first')).toHaveValue('5');
  game.close();
});

test('an edit without a game says so, and the next game gets it', async ({ page, server, project }) => {
  const before = await Game.connect(server, project.key);
  before.declare({ name: 'speed', type: 'integer', value: 1 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.number('speed')).toHaveValue('1');
  before.close();
  await expect(live.devices).toContainText('offline', { ignoreCase: true });

  await live.setNumber('speed', '8');
  await expect(live.status('speed')).toContainText('waiting for 1 device');
  await shot(page, 'nobody-there');

  const after = await Game.connect(server, project.key);
  expect(JSON.parse(await after.nextEdit())).toEqual({ name: 'speed', type: 'integer', value: 8 });
  await live.expectApplied('speed');
  after.close();
});
