// Values that people set and the game took, in the browser's storage: a start without a server begins with them.

import { parse, stringify } from "./json.js";

/** Written at most so often, in milliseconds. */
const SAVE_EVERY = 1_000;
/** Storage has room for about five million characters, which is the page's. */
const MAX_LENGTH = 1_000_000;

export class KeptValues {
  /** How often the storage could not be read or written; the game goes on without it. */
  errors = 0;
  #storage;
  #name;
  #values = new Map();
  #isChanged = false;
  #savedAt = -SAVE_EVERY;

  /** @param storage Such as `localStorage`; `null`: nothing is kept. */
  constructor(storage, name) {
    this.#storage = storage;
    this.#name = name;
    try {
      this.#values = new Map(Object.entries(parse(storage?.getItem(name) ?? "{}")));
    } catch {
      this.errors += 1;
    }
  }

  has(name) {
    return this.#values.has(name);
  }

  get(name) {
    return this.#values.get(name);
  }

  forEach(visit) {
    this.#values.forEach(visit);
  }

  set(name, value) {
    if (this.#storage && !Object.is(this.#values.get(name), value)) {
      this.#values.set(name, value);
      this.#isChanged = true;
    }
  }

  forget(name) {
    this.#isChanged = this.#values.delete(name) || this.#isChanged;
  }

  /** Writes what has changed, if it is time. */
  save(isLast) {
    const now = performance.now();
    if (!this.#storage || !this.#isChanged || (!isLast && now - this.#savedAt < SAVE_EVERY)) {
      return;
    }
    this.#savedAt = now;
    this.#isChanged = false;
    try {
      const text = stringify(Object.fromEntries(this.#values));
      if (text.length > MAX_LENGTH) {
        throw new RangeError("too many values to keep");
      }
      this.#storage.setItem(this.#name, text);
    } catch {
      this.errors += 1;
    }
  }
}
