import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect, open, type Project, type Server, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../examples/aliens');
const PYTHON = resolve(import.meta.dirname, '../../target/venv/bin/python');

test('a third-party game follows a slider', async ({ page, server, project }) => {
  const game = play(server, project);
  try {
    const live = new LivePage(page);
    await open(page, server, project.live);
    await expect(live.row('alien.odds')).toBeVisible({ timeout: 30_000 });
    await expect(live.logLine('new game')).toBeVisible();

    // nobody is hit, so that what follows is due to the slider
    await live.toggle('player.god_mode').click();
    await live.expectApplied('player.god_mode');
    await live.setNumber('alien.speed', '1');
    await live.setNumber('player.max_shots', '0');
    await live.expectApplied('player.max_shots');

    await live.dragSlider('alien.reload', 0);
    await live.dragSlider('alien.odds', 0);
    await expect(live.number('alien.odds')).toHaveValue('1');
    await live.expectApplied('alien.odds');
    await expect.poll(() => live.readOnly('now.aliens'), { timeout: 30_000 }).toBeGreaterThan(20);
    await shot(page, 'real-game');

    await test.step('it says how fast it applied that, and runs actions', async () => {
      await expect(live.status('alien.odds')).toHaveText(/applied\s· <?\d+(\.\d)? ms/);
      await expect(live.devices).toContainText('aliens of pygame-ce');
      await live.text('alien.spawn').fill('12');
      await live.action('alien.spawn').click();
      await expect(live.status('alien.spawn')).toContainText('done');
    });

    await live.toggle('game.paused').click();
    await live.expectApplied('game.paused');
  } finally {
    const ended = once(game, 'exit');
    game.kill('SIGTERM');
    await ended;
  }
});

function play(server: Server, project: Project): ChildProcess {
  const env = { ...process.env, SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' };
  const args = ['observerio_aliens.py', '--server', server.games, '--key', project.key];
  const game = spawn(PYTHON, args, { cwd: EXAMPLE, env, stdio: ['ignore', 'ignore', 'pipe'] });
  game.stderr.on('data', (words: Buffer) => server.said.push(`game: ${words.toString()}`));
  return game;
}
