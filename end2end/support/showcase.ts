import { AckingGame, expect, type Project, type Server } from './fixtures.ts';
import type { LivePage } from './live-page.ts';

const RANGE = { min: 0, max: 100 };

/** The variables of a small action game. */
export const VARIABLES = [
  { name: 'player.speed', label: 'Speed', type: 'float', value: 6.5, min: 0, max: 20, step: 0.1, unit: 'm/s', default: 6, group: 'Player', help: 'On flat ground.' },
  { name: 'player.jump', label: 'Jump height', type: 'float', value: 2.2, min: 0, max: 6, unit: 'm', default: 2.2, group: 'Player' },
  { name: 'player.hp', label: 'Health', type: 'integer', value: 80, ...RANGE, step: 5, group: 'Player' },
  { name: 'player.god', label: 'God mode', type: 'boolean', value: false, default: false, group: 'Player' },
  { name: 'player.name', label: 'Name', type: 'string', value: 'Ripley', default: 'Ripley', group: 'Player' },
  { name: 'world.gravity', label: 'Gravity', type: 'float', value: 9.81, min: 0, max: 30, unit: 'm/s²', default: 9.81, group: 'World' },
  { name: 'world.spawn', label: 'Spawn rate', type: 'integer', value: 40, min: 0, max: 200, unit: '/min', default: 30, group: 'World' },
  { name: 'world.mode', label: 'Difficulty', type: 'enum', value: 'normal', options: ['easy', 'normal', 'hard'], default: 'normal', group: 'World' },
  { name: 'world.fog', label: 'Fog', type: 'color', value: 'rgba(84, 132, 176, 0.6)', default: '#5484b0', group: 'World' },
  { name: 'world.seed', label: 'Seed', type: 'integer', value: 20261129, group: 'World' },
  { name: 'world.waves', label: 'Waves', type: 'json', value: { count: 3, boss: 'hydra' }, group: 'World' },
  { name: 'world.restart', label: 'Restart the level', type: 'action', value: null, group: 'World' },
  { name: 'frame.rate', label: 'Frame rate', type: 'integer', value: 60, unit: 'Hz', readonly: true, group: 'Measured' },
  { name: 'frame.memory', label: 'Memory', type: 'float', value: 412.5, unit: 'MiB', readonly: true, group: 'Measured' },
];

const LINES = [
  { message: 'level 3 loaded in 412 ms', level: 'info', assets: 211 },
  { message: 'spawned hydra at the north gate', level: 'debug', pos: { x: 12.5, y: 3 } },
  { message: 'texture gate_lod2 is missing, using gate_lod1', level: 'warn' },
  { message: 'player took 15 damage', level: 'info', hp: 80 },
  { message: 'checkpoint saved', level: 'info' },
  { message: 'path of enemy 7 is blocked for 2 s', level: 'warn', enemy: 7 },
  { message: 'audio device lost, trying again', level: 'error', code: 'E_AUDIO' },
  { message: 'audio device is back', level: 'info' },
];

/** Three copies of the game, one of them on a phone, with some lines of log. */
export async function playedByThree(server: Server, project: Project): Promise<AckingGame[]> {
  const games = await Promise.all([
    AckingGame.connect(server, project.key, { device: 'pixel-7', name: 'pixel-7', app: '1.4.2', platform: 'android 15' }),
    AckingGame.connect(server, project.key, { device: 'steamdeck', name: 'steamdeck', app: '1.4.2', platform: 'linux' }),
    AckingGame.connect(server, project.key, { device: 'qa-win-3', name: 'qa-win-3', app: '1.4.3-dev', platform: 'windows 11' }),
  ]);
  for (const [nth, game] of games.entries()) {
    game.declare(...VARIABLES.map(variable => (variable.name === 'frame.rate' ? { ...variable, value: 60 - 12 * nth } : variable)));
    game.log(...LINES.slice(nth), ...LINES.slice(0, nth));
    await game.untilStored();
  }
  return games;
}

/** Edits that all games apply, that one clamps, that one has drifted from, and one in flight. */
export async function editedByOne(live: LivePage, games: AckingGame[]): Promise<void> {
  const [pixel, deck, tester] = games;
  deck!.judge = name => (name === 'world.spawn' ? { status: 'clamped', value: 120, reason: 'at most 120 on this device' } : { status: 'applied' });
  tester!.judge = name => (name === 'world.gravity' ? { status: 'rejected', reason: 'in a cutscene' } : { status: 'applied' });
  await live.setNumber('player.speed', '8.4');
  await live.expectApplied('player.speed', 3);
  await live.setNumber('world.spawn', '150');
  await expect(live.status('world.spawn')).toContainText('2 applied · 1 clamped');
  await live.setNumber('world.gravity', '4.2');
  await expect(live.status('world.gravity')).toContainText('2 applied · 1 rejected');
  await live.setNumber('player.hp', '100');
  await live.expectApplied('player.hp', 3);
  pixel!.change('player.hp', 70);
  await expect(live.status('player.hp')).toContainText('wanted 100 · is 70 on 1 of 3');
}
