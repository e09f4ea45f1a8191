// Variables: what the game has, what it has said of them, and what people want them to be.

import { stringify } from "./json.js";
import { isSayable } from "./values.js";

/** What one report says, in characters, about: a line may be longer. */
const REPORT_LENGTH = 48 * 1024;
const MAX_REPORTED = 2_000;
const MAX_DESIRED = 5_000;
/** All values that people want, in characters. No server of ours has so many. */
const MAX_DESIRED_LENGTH = 16 * 1024 * 1024;

export class Variables {
  #all = new Map();
  /** What people want, also of variables that are not declared yet, with its length. */
  #desired = new Map();
  #desiredLength = 0;
  /** Names whose desired value, or the lack of one, the game does not know yet. */
  #pending = new Set();
  #hasNews = false;
  #heard = null;
  #reportAt = 0;
  #measureAt = 0;

  /** A value of the last start: what people want, until a server says otherwise. */
  recall(name, value) {
    this.#desire(name, value);
  }

  /** Adds a variable, or declares it anew. */
  declare(variable) {
    this.#all.set(variable.name, { variable, isDeclared: false, said: undefined });
    if (this.#desired.has(variable.name)) {
      this.#pending.add(variable.name);
      this.#hasNews = true;
    }
  }

  get(name) {
    return this.#all.get(name)?.variable;
  }

  /** On the next connection everything is said again. */
  disconnected() {
    for (const entry of this.#all.values()) {
      entry.isDeclared = false;
      entry.said = undefined;
    }
    this.#reportAt = this.#measureAt = 0;
  }

  /** What is to be said of variables now, at most one line of it: declarations, values at their pace. `null`: nothing. */
  report(now, every, measureEvery) {
    const [isDue, isMeasureDue] = [now >= this.#reportAt, now >= this.#measureAt];
    const reports = [];
    let length = 0;
    for (const entry of this.#all.values()) {
      const { variable } = entry;
      const isItsTime = variable.isReadonly ? isMeasureDue : isDue;
      if (!isItsTime || (entry.isDeclared && !isNews(entry.said, variable.value))) {
        continue;
      }
      const text = stringify(variable.report(entry.isDeclared));
      length += text.length;
      if ((length > REPORT_LENGTH && reports.length > 0) || reports.length === MAX_REPORTED) {
        return `[${reports.join(",")}]`;
      }
      reports.push(text);
      entry.isDeclared = true;
      entry.said = variable.value;
    }
    // all that was due is said
    if (isDue) {
      this.#reportAt = now + every;
    }
    if (isMeasureDue) {
      this.#measureAt = now + measureEvery;
    }
    return reports.length > 0 ? `[${reports.join(",")}]` : null;
  }

  /** Values of the original grammar: each is the newest of its variable. */
  hearEdits(edits) {
    edits.forEach(({ name, value }) => this.#desire(name, value));
  }

  /** Changes of version 2. Returns the names that nobody wants anything of any more. */
  hearChanges(revision, { epoch = "", full = false, vars = [], removed = [] }) {
    const named = new Set(vars.map(({ name }) => name));
    const letGo = full ? [...removed, ...[...this.#desired.keys()].filter((name) => !named.has(name))] : removed;
    letGo.forEach((name) => this.#letGo(name));
    vars.forEach(({ name, value }) => this.#desire(name, value));
    this.#heard = { revision, epoch };
    this.#hasNews = true;
    return letGo;
  }

  #desire(name, value) {
    const length = String(name).length + (stringify(value) ?? "").length;
    const before = this.#desired.get(name)?.length ?? 0;
    const isFull = before === 0 && this.#desired.size >= MAX_DESIRED;
    if (isFull || this.#desiredLength - before + length > MAX_DESIRED_LENGTH) {
      return;
    }
    this.#desiredLength += length - before;
    this.#desired.set(name, { value, length });
    this.#pending.add(name);
    this.#hasNews = true;
  }

  #letGo(name) {
    const old = this.#desired.get(name);
    if (old) {
      this.#desiredLength -= old.length;
      this.#desired.delete(name);
      this.#pending.add(name);
      this.#hasNews = true;
    }
  }

  /** What the game is to apply next, all of it together: the newest of each variable that it has declared. `null`: nothing. */
  takeEdits() {
    if (!this.#hasNews) {
      return null;
    }
    this.#hasNews = false;
    const edits = { heard: this.#heard, set: [], released: [] };
    for (const name of this.#pending) {
      const variable = this.get(name);
      const wanted = this.#desired.get(name);
      if (variable && wanted) {
        edits.set.push({ variable, value: wanted.value });
      } else if (variable) {
        edits.released.push(variable);
      }
    }
    this.#pending.clear();
    return edits;
  }
}

/** Whether a value is to be said. What no server would take is not: the one before stands. */
function isNews(said, value) {
  return !Object.is(said, value) && isSayable(value);
}
