import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepKey, takeKey } from '../demo-key.js';
import { declare, valuesOf } from '../demo-tuning.js';
import { FULL_HULL, World } from '../demo-world.js';

const FRAME = 1 / 60;
const TUNED = { shipSpeed: 220, agility: 4.5, invincible: false, autopilot: true, sparkRate: 1.2, rockCount: 6, rockSpeed: 60, gravity: 0 };

/** The same numbers in each run. */
function seeded(seed = 7) {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function play(world, tuned, seconds, steer = null) {
  const events = [];
  for (let i = 0; i < seconds / FRAME; i++) events.push(...world.step(tuned, steer, FRAME));
  return events;
}

const count = (events, kind) => events.filter(event => event.kind === kind).length;

test('it plays itself, and more sparks are more to catch', () => {
  const few = play(new World(1_200, 800, seeded()), TUNED, 60);
  const many = play(new World(1_200, 800, seeded()), { ...TUNED, sparkRate: 5 }, 60);
  assert.ok(count(few, 'caught') > 10, `${count(few, 'caught')}`);
  assert.ok(count(many, 'caught') > 1.5 * count(few, 'caught'), `${count(many, 'caught')} and ${count(few, 'caught')}`);
});

test('a direction steers, across the edges', () => {
  const world = new World(1_200, 800, seeded());
  const { x, y } = world.ship;
  play(world, { ...TUNED, rockCount: 0 }, 1, { x: 1, y: 0 });
  assert.ok(world.ship.x > x + 100);
  assert.equal(world.ship.y, y);
  play(world, { ...TUNED, rockCount: 0 }, 10, { x: 1, y: 0 });
  assert.ok(world.ship.x >= 0 && world.ship.x < 1_200);
});

test('rocks break a ship that does not steer, unless it is invincible', () => {
  const adrift = { ...TUNED, autopilot: false, rockCount: 40, rockSpeed: 200 };
  const events = play(new World(600, 400, seeded()), adrift, 60);
  assert.ok(count(events, 'lost') > 0);
  assert.ok(count(events, 'hit') >= FULL_HULL * count(events, 'lost'));
  assert.equal(count(play(new World(600, 400, seeded()), { ...adrift, invincible: true }, 60), 'hit'), 0);
});

test('as many rocks as people set, and never more sparks than there is room for', () => {
  const world = new World(1_200, 800, seeded());
  for (const rockCount of [6, 30, 0]) {
    world.step({ ...TUNED, rockCount }, null, FRAME);
    assert.equal(world.rocks.length, rockCount);
  }
  const before = world.sparks.length;
  const added = Array.from({ length: 10 }, () => world.burst(40)).reduce((sum, more) => sum + more, 0);
  assert.equal(world.sparks.length, before + added);
  assert.ok(world.sparks.length <= 80);
});

test('gravity pulls the ship to the middle, or pushes it away', () => {
  const distance = gravity => {
    const world = new World(1_200, 800, seeded());
    Object.assign(world.ship, { x: 300, y: 400 });
    play(world, { ...TUNED, autopilot: false, rockCount: 0, agility: 0.5, gravity }, 1);
    return 600 - world.ship.x;
  };
  assert.ok(distance(200) < 300 && distance(-200) > 300);
});

test('every variable has a value for the world and the picture', () => {
  const game = { variable: (name, value, spec) => ({ name, value, spec }) };
  const variables = declare(game);
  assert.equal(valuesOf(variables).shipSpeed, 220);
  for (const name of Object.keys(TUNED)) assert.ok(name in variables, name);
  const { check } = variables.title.spec;
  assert.equal(check('x'.repeat(40)), undefined);
  assert.match(check('x'.repeat(41)), /40/);
});

test('the key leaves the address', () => {
  const replaced = [];
  const history = { state: null, replaceState: (_state, _title, address) => replaced.push(address) };
  const at = hash => ({ hash, pathname: '/demo', search: '' });
  assert.equal(takeKey(at('#key=short'), history), null);
  assert.equal(takeKey(at('#key=0123456789ab'), history), '0123456789ab');
  assert.equal(takeKey(at('#key=a%26b%3Dc%23d%2Be%25fg'), history), 'a&b=c#d+e%fg');
  assert.equal(takeKey(at(''), history), null);
  assert.deepEqual(replaced, ['/demo', '/demo', '/demo']);
  for (const bad of ['', 'short', '0123456789abc', '0123456789 a', '0123456789aé']) assert.equal(keepKey(bad), null, bad);
});
