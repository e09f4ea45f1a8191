// What people can tune: this is all that the demo game needs of the SDK.

export const SKIES = ['dusk', 'ocean', 'forest', 'space'];
const MAX_TITLE_CHARACTERS = 40;

/** Declares the game's variables. */
export function declare(game) {
  return {
    shipSpeed: game.variable('ship.speed', 220, {
      min: 40, max: 600, step: 10, unit: 'px/s', group: 'ship', help: 'How fast the ship flies at most.',
    }),
    agility: game.variable('ship.agility', 4.5, {
      min: 0.5, max: 12, step: 0.1, group: 'ship', help: 'How quickly the ship turns.',
    }),
    shipColor: game.variable('ship.color', '#7dd3fc', { type: 'color', group: 'ship' }),
    trail: game.variable('ship.trail', true, { group: 'ship', help: 'Not shown if you prefer reduced motion.' }),
    invincible: game.variable('ship.invincible', false, { group: 'ship' }),
    autopilot: game.variable('ship.autopilot', true, { group: 'ship', help: 'Steers while nobody else does.' }),
    sparkRate: game.variable('sparks.rate', 1.2, {
      min: 0, max: 10, step: 0.1, unit: '1/s', group: 'sparks', help: 'New sparks each second.',
    }),
    rockCount: game.variable('rocks.count', 6, { min: 0, max: 40, step: 1, group: 'rocks' }),
    rockSpeed: game.variable('rocks.speed', 60, { min: 0, max: 400, step: 5, unit: 'px/s', group: 'rocks' }),
    gravity: game.variable('world.gravity', 0, {
      min: -300, max: 300, step: 5, unit: 'px/s²', group: 'world', help: 'Pulls to the middle; below 0, it pushes away.',
    }),
    sky: game.variable('world.sky', SKIES[0], { options: SKIES, group: 'world' }),
    title: game.variable('world.title', 'Catch the sparks', {
      group: 'world', help: `At most ${MAX_TITLE_CHARACTERS} characters.`, check: isShort,
    }),
  };
}

/** The values in force. */
export function valuesOf(variables) {
  return Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, variable.value]));
}

function isShort(text) {
  return [...text].length <= MAX_TITLE_CHARACTERS ? undefined : `longer than ${MAX_TITLE_CHARACTERS} characters`;
}
