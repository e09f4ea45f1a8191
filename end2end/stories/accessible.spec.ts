import { expectAccessible } from '../support/axe.ts';
import { expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

test('no page breaks a rule of WCAG 2.2 AA', async ({ page, server, project, complaints }) => {
  complaints.allow(/404/);
  const game = await Game.connect(server, project.key);
  for (const path of ['/', '/nowhere']) {
    await open(page, server, path);
    await everySize(async () => expectAccessible(page));
    await shot(page, path === '/' ? 'projects' : 'not-found');
  }
  await open(page, server, project.live);
  await test.step('live page, all controls', async () => {
    game.declare(
      { name: 'speed', type: 'integer', value: 5, min: 0, max: 10, unit: 'm/s', help: 'How fast it goes', default: 3 },
      { name: 'gravity', type: 'float', value: 9.81 },
      { name: 'god_mode', type: 'boolean', value: true },
      { name: 'title', type: 'string', value: 'Level one' },
      { name: 'mode', type: 'enum', value: 'easy', options: ['easy', 'hard'] },
      { name: 'weapon', type: 'enum', value: 'bow', options: ['bow', 'axe', 'sword', 'spear', 'sling', 'club'] },
      { name: 'sky', type: 'color', value: '#336699' },
      { name: 'fps', type: 'integer', value: 60, readonly: true },
      { name: 'odd', type: 'matrix', value: [[1, 0], [0, 1]] },
    );
    game.log(
      ...['trace', 'debug', 'info', 'warn', 'error'].map(level => ({ message: `a ${level} line`, level, x: 1 })),
    );
    const live = new LivePage(page);
    await expect(live.row('odd')).toBeVisible();
    await expect(live.logLine('a error line')).toBeVisible();
    await everySize(async () => expectAccessible(page));
    await shot(page, 'live-all-controls');
  });

  await page.context().clearCookies();
  for (const [path, name] of [['/sign-in', 'sign-in'], ['/setup', 'set-up-without-link']] as const) {
    await page.goto(server.url + path);
    await hydrated(page);
    await everySize(async () => expectAccessible(page));
    await shot(page, name);
  }
  game.close();

  async function everySize(look: () => Promise<void>): Promise<void> {
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await look();
    }
    await page.setViewportSize(SIZES[0]);
  }
});

test('the quick start is accessible too', async ({ page, server, project }) => {
  await open(page, server, project.live);
  await expect(page.getByText('Waiting for the first line')).toBeVisible();
  await expectAccessible(page);
});
