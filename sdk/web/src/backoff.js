// How long to wait before the next attempt to connect, in milliseconds.

const FIRST = 250;
const LONGEST = 30_000;

/**
 * Doubles with every failure. Each wait is a random part of it, at least half, so that games that lost their server in the same
 * moment don't come back in the same moment.
 */
export class Backoff {
  #most = FIRST;
  #random;

  constructor(random = Math.random) {
    this.#random = random;
  }

  /** A connection held: the next failure is the first one again. */
  succeeded() {
    this.#most = FIRST;
  }

  /** The same again would fail again: the next attempts come as rarely as they may. */
  despair() {
    this.#most = LONGEST;
  }

  next() {
    const most = this.#most;
    this.#most = Math.min(2 * most, LONGEST);
    return most / 2 + this.partOf(most / 2);
  }

  /** A random part of a time. */
  partOf(whole) {
    return whole * this.#random();
  }
}
