// One variable of the game.

import { clamp, declaration, isSayable, read, toWire, typeOf } from "./values.js";

/** What the game's check says of a value, as an outcome; `undefined`: it is taken. */
function judge(check, wanted) {
  let verdict;
  try {
    verdict = check(wanted);
  } catch (error) {
    return { status: "rejected", reason: String(error?.message ?? error) };
  }
  if (verdict === true || verdict === undefined || Object.is(verdict, wanted)) {
    return undefined;
  }
  if (verdict === false || typeof verdict === "string") {
    return { status: "rejected", reason: verdict || undefined };
  }
  const isExplained = verdict !== null && typeof verdict === "object" && "value" in verdict;
  const { value, reason } = isExplained ? verdict : { value: verdict };
  return { status: "clamped", value, reason };
}

/** A value that people tune. Made by `game.variable`. */
export class Variable {
  /** Called in `game.frame()` with the value that people have just set. */
  onchange = null;
  #own;
  #now;
  #spec;
  #type;

  constructor(name, own, spec) {
    this.name = name;
    this.#own = this.#now = own;
    this.#spec = { ...spec };
    this.#type = typeOf(own, this.#spec);
  }

  /** The value in force. */
  get value() {
    return this.#now;
  }

  /** The game's own value from now on, in force until people want another one. */
  set value(value) {
    this.#own = this.#now = value;
  }

  get type() {
    return this.#type;
  }

  get isReadonly() {
    return this.#spec.readonly === true;
  }

  /** What a server is told, with its declaration or without. */
  report(isDeclared) {
    const { name } = this;
    const value = this.#type === "action" ? undefined : toWire(this.#type, isSayable(this.#now) ? this.#now : null);
    return isDeclared ? { name, type: this.#type, value } : { name, value, ...declaration(this.#type, this.#own, this.#spec) };
  }

  /** Takes what people want, as far as the game can. Returns what became of it. */
  apply(wanted) {
    let value = read(this.#type, this.#own, wanted);
    const refused = { status: "rejected", reason: `the game keeps it as ${this.#type}` };
    if (value === undefined) {
      return refused;
    }
    let outcome = { status: "applied" };
    const nearest = clamp(value, this.#spec);
    if (nearest) {
      outcome = { status: "clamped", ...nearest };
      value = nearest.value;
    }
    outcome = (this.#spec.check && judge(this.#spec.check, value)) ?? outcome;
    if (outcome.status === "rejected") {
      return outcome;
    }
    if (outcome.status === "clamped") {
      value = read(this.#type, this.#own, outcome.value);
      if (value === undefined) {
        return refused;
      }
      outcome = { ...outcome, value: toWire(this.#type, value) };
    }
    this.#now = value;
    return outcome;
  }

  /** Nobody wants anything of it any more: back to the game's own value. */
  release() {
    this.#now = this.#own;
  }
}
