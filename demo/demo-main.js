// Puts the demo game together: the world, its picture, the hands that steer, and the SDK through which people tune it.

import { connect } from './sdk-index.js';
import { Picture } from './demo-draw.js';
import { Steering } from './demo-input.js';
import { deviceOfTab, forgetKey, keepKey, takeKey } from './demo-key.js';
import { declare, valuesOf } from './demo-tuning.js';
import { World } from './demo-world.js';

/** The longest step of the world, in seconds: a slower machine plays slower. */
const LONGEST_STEP = 0.05;
/** A hidden tab gets no frames, but people tune it from the other tab: it plays on in these steps, in milliseconds. */
const HIDDEN_EVERY = 200;
const FIGURES_EVERY = 500;
/** Log entries each second, and how many may come at once. */
const LOGS_PER_SECOND = 1;
const LOG_BURST = 5;

const STATES = {
  connecting: 'Connecting…',
  online: 'Connected',
  offline: 'Not connected, trying again…',
};
/** Refusals after which this key is of no use. */
const HOPELESS = /^(bad_key|revoked)\b/;

const at = id => document.getElementById(id);

class Demo {
  #game;
  #variables;
  #picture = new Picture(at('canvas'));
  #steering = new Steering(at('canvas'));
  #world = new World(...this.#picture.fit());
  #isPaused = false;
  #wasSteered = false;
  #isOver = false;
  #last = performance.now();
  #logRoom = LOG_BURST;
  #frames = 0;
  #figuresAt = this.#last;

  constructor(key) {
    const attributes = { language: navigator.language };
    this.#game = connect({ key, device: deviceOfTab(), name: 'Demo game', app: 'demo', attributes });
    this.#variables = declare(this.#game);
    at('figures').hidden = at('bar').hidden = false;
    this.#showChanges();
    this.#addActions();
    this.#addButtons();
    new ResizeObserver(() => this.#world.resize(...this.#picture.fit())).observe(at('canvas'));
    // a picture that moves on its own waits until it is wanted
    this.#pause(matchMedia('(prefers-reduced-motion: reduce)').matches);
    setInterval(() => document.hidden && this.#tick(performance.now()), HIDDEN_EVERY);
    const onFrame = now => {
      this.#tick(now);
      requestAnimationFrame(onFrame);
    };
    requestAnimationFrame(onFrame);
  }

  /** What people set is said on the page, too. */
  #showChanges() {
    for (const variable of Object.values(this.#variables)) {
      variable.onchange = value => {
        at('changed').textContent = `${variable.name} = ${value}`;
      };
    }
  }

  #addActions() {
    this.#game.action('sparks.burst', { label: 'Burst of sparks', group: 'sparks' }, args => {
      const added = this.#world.burst(Math.min(Number(args?.count) || 16, 40));
      this.#game.log('info', 'burst of sparks', { added });
      return { added };
    });
    this.#game.action('game.restart', { label: 'Start again', group: 'world' }, () => {
      this.#world.restart();
      this.#picture.clear();
      this.#game.log('info', 'started again', {});
    });
  }

  #addButtons() {
    at('pause').addEventListener('click', () => this.#pause(!this.#isPaused));
    at('fun').addEventListener('click', () => {
      this.#game.mark('fun', `score ${this.#world.score}`);
      at('changed').textContent = 'Marked as fun: the log has it';
    });
  }

  #pause(isPaused) {
    this.#isPaused = isPaused;
    at('pause').textContent = isPaused ? 'Play' : 'Pause';
  }

  #tick(now) {
    const dt = Math.min((now - this.#last) / 1_000, LONGEST_STEP);
    this.#last = now;
    this.#frames++;
    this.#game.frame();
    const tuned = valuesOf(this.#variables);
    at('title').textContent = tuned.title;
    this.#logRoom = Math.min(LOG_BURST, this.#logRoom + LOGS_PER_SECOND * dt);
    if (!this.#isPaused) this.#play(tuned, dt);
    if (!document.hidden) this.#picture.draw(this.#world, tuned, this.#isPaused ? 0 : dt);
    if (now - this.#figuresAt >= FIGURES_EVERY) this.#measure(now, tuned);
  }

  #play(tuned, dt) {
    const steer = this.#steering.direction(this.#world.ship);
    if ((steer !== null) !== this.#wasSteered) {
      this.#wasSteered = steer !== null;
      if (steer) this.#log('info', 'a player took over', {});
    }
    for (const event of this.#world.step(tuned, steer, dt)) {
      this.#picture.show(event);
      this.#tell(event);
    }
  }

  #tell({ kind, x, y, score, hull }) {
    const place = { x: Math.round(x), y: Math.round(y) };
    if (kind === 'caught') this.#log('debug', 'spark caught', { score, ...place });
    if (kind === 'hit') this.#log('warn', 'hit by a rock', { hull, ...place });
    if (kind === 'lost') this.#log('error', 'ship lost', { score, ...place });
  }

  /** Logs unless there was much to log lately. */
  #log(level, message, fields) {
    if (this.#logRoom < 1) return;
    this.#logRoom--;
    this.#game.log(level, message, fields);
  }

  #measure(now, tuned) {
    const fps = Math.round((this.#frames * 1_000) / (now - this.#figuresAt));
    [this.#frames, this.#figuresAt] = [0, now];
    const figures = { fps, score: this.#world.score, hull: this.#world.hull, sparks: this.#world.sparks.length };
    const spec = { type: 'integer', group: 'measured' };
    for (const [name, value] of Object.entries(figures)) this.#game.measure(name, value, spec);
    const shown = { ...figures, speed: tuned.shipSpeed };
    for (const name of ['fps', 'score', 'hull', 'speed']) at(name).textContent = shown[name];
    this.#showState();
  }

  #showState() {
    const { state, stats } = this.#game;
    at('state').textContent = STATES[state];
    // another attempt with the same key would end the same way
    if (this.#isOver || state === 'online' || !HOPELESS.test(stats.lastError ?? '')) return;
    this.#isOver = true;
    this.#game.close();
    forgetKey();
    ask('The server does not know this key, or it was revoked.');
  }
}

/** Asks for a key, and begins anew with it. */
function ask(problem) {
  at('ask').hidden = false;
  at('problem').textContent = problem;
  at('key').focus();
  at('ask').addEventListener('submit', event => {
    event.preventDefault();
    if (keepKey(at('key').value)) location.reload();
    else at('problem').textContent = 'A game key has 12 characters.';
  });
}

// the theme that was chosen for the dashboard
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
} catch {
  // without storage, it is the system's
}
const key = takeKey();
if (key) new Demo(key);
else ask('');
// a link with another key, opened in this tab
addEventListener('hashchange', () => takeKey() && location.reload());
