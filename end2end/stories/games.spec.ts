import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, open, shot } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { test as base } from '../support/third-party.ts';

/** Their packages are large, so `cargo xtask test` installs them if `OBSERVERIO_GAMES` is `all`. */
const wanted = process.env.OBSERVERIO_GAMES === 'all';

/** A folder for what the game writes. */
const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'observerio-game-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});

test('Mr. Rescue jumps as high as the slider says', async ({ page, server, project, folder, play }) => {
  test.skip(!wanted && !existsSync('/usr/share/games/mrrescue/mrrescue.love'), 'Mr. Rescue is not installed');
  const screen = ['-a', '-s', '-screen 0 800x600x24'];
  const headless = { LIBGL_ALWAYS_SOFTWARE: '1', SDL_AUDIODRIVER: 'dummy', ALSOFT_DRIVERS: 'null', XDG_DATA_HOME: folder };
  play('mrrescue', 'xvfb-run', [...screen, 'love', '.', project.key, server.games], headless);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('player.jump_power')).toBeVisible({ timeout: 30_000 });

  await live.action('game.start').click();
  await expect(live.status('game.start')).toContainText('done');
  await expect(live.logLine('new game')).toBeVisible();
  // below the ceiling; with the game's own 135 it is 26 px
  await live.setNumber('player.jump_power', '190');
  await live.expectApplied('player.jump_power');
  await expect(async () => {
    // the countdown takes a few seconds, in which nobody can jump
    await live.action('player.jump').click();
    expect(await live.readOnly('now.best_jump')).toBeGreaterThan(40);
  }).toPass({ timeout: 60_000 });
  await expect(live.logLine('px high').last()).toBeVisible();
  await shot(page, 'mrrescue');
});

test('a day in Minetest is as short as the slider says', async ({ page, server, project, folder, play }) => {
  test.skip(!wanted && !existsSync('/usr/games/minetestserver'), 'Minetest is not installed');
  play('minetest', './start.sh', [project.key, server.games, folder, String(await freePort())], { HOME: folder });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('world.time_speed')).toBeVisible({ timeout: 30_000 });
  await expect(live.logLine('day 0 begins')).toBeVisible();

  await live.setNumber('world.time_speed', '10000');
  await live.expectApplied('world.time_speed');
  await expect(live.logLine('day 1 begins')).toBeVisible({ timeout: 30_000 });
  await live.setNumber('world.time_speed', '0');
  await live.expectApplied('world.time_speed');
  await live.action('world.noon').click();
  await expect(live.status('world.noon')).toContainText('done');
  await expect.poll(() => live.readOnly('now.hour')).toBe(12);
  await shot(page, 'minetest');
});

/** A UDP port that nobody has. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
