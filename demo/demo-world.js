// The game itself, without a canvas, a clock or a network: what people tuned, a direction and a step of time go in, events come
// out. The world has no edges: what leaves on one side enters on the other.

/** Damage that the ship takes before the game begins again. */
export const FULL_HULL = 3;

const SHIP_RADIUS = 11;
const CATCH_RADIUS = 20;
const SPARK_LIFE_S = 14;
const MAX_SPARKS = 80;
const SAFE_S = 1.5;
const FEAR_RADIUS = 110;
const ROCK_CORNERS = 9;

export class World {
  /** `random` gives numbers from 0 to 1, like Math.random. */
  constructor(width, height, random = Math.random) {
    this.width = width;
    this.height = height;
    this.random = random;
    this.rocks = [];
    this.restart();
  }

  /** Everything from the beginning. */
  restart() {
    this.ship = { x: this.width / 2, y: this.height / 2, vx: 0, vy: 0, angle: -Math.PI / 2 };
    this.sparks = [];
    this.score = 0;
    this.hull = FULL_HULL;
    this.safeS = SAFE_S;
    this.dueSparks = 1;
  }

  /** The window has another size. */
  resize(width, height) {
    const [x, y] = [width / this.width, height / this.height];
    for (const thing of [this.ship, ...this.sparks, ...this.rocks]) {
      thing.x *= x;
      thing.y *= y;
    }
    this.width = width;
    this.height = height;
  }

  /** Adds sparks in a ring around the ship; returns how many there was room for. */
  burst(count) {
    const added = Math.min(count, MAX_SPARKS - this.sparks.length);
    for (let i = 0; i < added; i++) {
      const angle = (i / added) * 2 * Math.PI;
      this.addSpark(this.ship.x + Math.cos(angle) * 140, this.ship.y + Math.sin(angle) * 140);
    }
    return added;
  }

  /**
   * Lets `dt` seconds pass, at most a twentieth. `steer` is a direction, or null to let the autopilot steer. Returns what
   * happened: `{ kind: 'caught' | 'hit' | 'lost', x, y, … }`.
   */
  step(tuned, steer, dt) {
    const events = [];
    this.safeS = Math.max(0, this.safeS - dt);
    this.keepRocks(tuned);
    this.growSparks(tuned, dt);
    const wish = steer ?? (tuned.autopilot ? this.autopilot() : { x: 0, y: 0 });
    this.moveShip(wish, tuned, dt);
    for (const rock of this.rocks) {
      this.move(rock, rock.vx * tuned.rockSpeed, rock.vy * tuned.rockSpeed, dt);
      rock.angle += rock.spin * dt;
    }
    this.catchSparks(events);
    if (!tuned.invincible) this.crash(events);
    return events;
  }

  /** The shortest way from `from` to `to`, across the edges. */
  way(from, to) {
    const wrap = (distance, size) => distance - size * Math.round(distance / size);
    return { x: wrap(to.x - from.x, this.width), y: wrap(to.y - from.y, this.height) };
  }

  keepRocks({ rockCount }) {
    while (this.rocks.length > rockCount) this.rocks.pop();
    while (this.rocks.length < rockCount) {
      const heading = this.random() * 2 * Math.PI;
      const pace = 0.6 + this.random() * 0.8;
      this.rocks.push({
        // at an edge, so that none appears on the ship
        x: 0,
        y: this.random() * this.height,
        vx: Math.cos(heading) * pace,
        vy: Math.sin(heading) * pace,
        radius: 14 + this.random() * 18,
        angle: heading,
        spin: (this.random() - 0.5) * 1.6,
        corners: Array.from({ length: ROCK_CORNERS }, () => 0.75 + this.random() * 0.35),
      });
    }
  }

  growSparks({ sparkRate, gravity }, dt) {
    this.dueSparks += sparkRate * dt;
    for (; this.dueSparks >= 1; this.dueSparks--) this.addSpark(this.random() * this.width, this.random() * this.height);
    for (const spark of this.sparks) {
      spark.ageS += dt;
      const pull = this.pull(spark, gravity * 0.25);
      this.move(spark, pull.x, pull.y, dt);
    }
    this.sparks = this.sparks.filter(spark => spark.ageS < SPARK_LIFE_S);
  }

  addSpark(x, y) {
    if (this.sparks.length < MAX_SPARKS) this.sparks.push({ x, y, ageS: 0, hue: this.random() });
  }

  /** A vector of this length to the centre. */
  pull(thing, length) {
    const [x, y] = [this.width / 2 - thing.x, this.height / 2 - thing.y];
    const distance = Math.hypot(x, y);
    return distance < 1 ? { x: 0, y: 0 } : { x: (x / distance) * length, y: (y / distance) * length };
  }

  /** To the nearest spark, around rocks. */
  autopilot() {
    const { ship } = this;
    let [wish, nearest] = [{ x: 0, y: 0 }, Infinity];
    for (const spark of this.sparks) {
      const way = this.way(ship, spark);
      const distance = Math.hypot(way.x, way.y);
      if (distance < nearest) [wish, nearest] = [{ x: way.x / distance, y: way.y / distance }, distance];
    }
    for (const rock of this.rocks) {
      const way = this.way(ship, rock);
      const distance = Math.hypot(way.x, way.y);
      const fear = 1.8 * (1 - (distance - rock.radius) / FEAR_RADIUS);
      if (fear <= 0 || distance === 0) continue;
      wish = { x: wish.x - (way.x / distance) * fear, y: wish.y - (way.y / distance) * fear };
    }
    return wish;
  }

  moveShip(wish, { shipSpeed, agility, gravity }, dt) {
    const { ship } = this;
    const length = Math.hypot(wish.x, wish.y);
    const scale = shipSpeed / Math.max(1, length);
    const follow = Math.min(1, agility * dt);
    const pull = this.pull(ship, gravity * dt);
    ship.vx += (wish.x * scale - ship.vx) * follow + pull.x;
    ship.vy += (wish.y * scale - ship.vy) * follow + pull.y;
    if (Math.hypot(ship.vx, ship.vy) > 5) ship.angle = Math.atan2(ship.vy, ship.vx);
    this.move(ship, ship.vx, ship.vy, dt);
  }

  move(thing, vx, vy, dt) {
    const wrap = (place, size) => ((place % size) + size) % size;
    thing.x = wrap(thing.x + vx * dt, this.width);
    thing.y = wrap(thing.y + vy * dt, this.height);
  }

  catchSparks(events) {
    const isAway = spark => {
      const way = this.way(this.ship, spark);
      return Math.hypot(way.x, way.y) > CATCH_RADIUS;
    };
    for (const spark of this.sparks) {
      if (isAway(spark)) continue;
      this.score++;
      events.push({ kind: 'caught', x: spark.x, y: spark.y, hue: spark.hue, score: this.score });
    }
    this.sparks = this.sparks.filter(isAway);
  }

  crash(events) {
    if (this.safeS > 0) return;
    const { ship } = this;
    const rock = this.rocks.find(rock => {
      const way = this.way(ship, rock);
      return Math.hypot(way.x, way.y) < rock.radius + SHIP_RADIUS;
    });
    if (!rock) return;
    this.hull--;
    this.safeS = SAFE_S;
    events.push({ kind: 'hit', x: ship.x, y: ship.y, hull: this.hull });
    if (this.hull > 0) return;
    events.push({ kind: 'lost', x: ship.x, y: ship.y, score: this.score });
    this.restart();
  }
}
