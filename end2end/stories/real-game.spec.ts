import { expect, open, shot } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { PYTHON, test } from '../support/third-party.ts';

test('a third-party game follows a slider', async ({ page, server, project, play }) => {
  const args = ['observerio_aliens.py', '--server', server.games, '--key', project.key];
  play('aliens', PYTHON, args, { SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' });
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
    await live.setNumber('alien.wave', '12');
    await live.expectApplied('alien.wave');
    await live.action('alien.spawn').click();
    await expect(live.status('alien.spawn')).toContainText('done');
  });

  await live.toggle('game.paused').click();
  await live.expectApplied('game.paused');
});
