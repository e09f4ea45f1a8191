// What a game's code holds, and what carries it to the server. Nothing here waits for the network, and nothing throws into a frame.

import { stringify } from "./json.js";
import { KeptValues } from "./kept.js";
import { LEVELS } from "./outbox.js";
import { Session } from "./session.js";
import { Variable } from "./variable.js";

/** How often it is looked what there is to say, in milliseconds; frames look, too. */
const LOOK_EVERY = 25;
/** Nothing more is handed to a socket that has so many bytes to send. */
const MAX_BUFFERED_BYTES = 64 * 1024;
const MAX_NAME_BYTES = 128;
const MAX_MESSAGE_LENGTH = 65_536;
const MAX_FIELDS_LENGTH = 65_536;
const MAX_MARK_LENGTH = 32;

/** Whether a server takes the name. */
function isName(name) {
  const isText = typeof name === "string" && name.trim() !== "" && !/\p{Cc}/u.test(name);
  return isText && new TextEncoder().encode(name).length <= MAX_NAME_BYTES;
}

/** What there is to say of something that was thrown. */
const reasonOf = (error) => String(error?.message ?? error);

/** A game's connection to its designers. Made by `connect`. */
export class Game {
  #url;
  #session;
  #kept;
  #open;
  #socket = null;
  #timer;
  #actions = new Map();
  #measures = new Map();
  #frames = 0;
  #isClosed = false;
  #hasTried = false;
  #lastFailure = null;

  /** @param open Opens a WebSocket to a URL. */
  constructor(url, settings, kept, open) {
    this.#url = url;
    this.#session = new Session(settings);
    this.#kept = kept;
    this.#open = open;
    this.#session.onletgo = (name) => kept.forget(name);
    kept.forEach((value, name) => this.#session.variables.recall(name, value));
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
    // a frame waits for nothing, and neither does the first attempt
    this.#look();
  }

  /** `"connecting"`, `"online"`, or `"offline"` until the next attempt. */
  get state() {
    if (this.#session.isVerified) {
      return "online";
    }
    return this.#isClosed || (this.#hasTried && !this.#socket) ? "offline" : "connecting";
  }

  /** How it goes, in numbers. */
  get stats() {
    const { outbox, refused, lastError, applied, isOriginal, isVerified } = this.#session;
    return {
      isConnected: isVerified,
      isOriginal,
      stored: outbox.stored,
      dropped: outbox.dropped.reduce((sum, count) => sum + count, 0),
      droppedByLevel: Object.fromEntries(LEVELS.map((level, at) => [level, outbox.dropped[at]])),
      refused,
      waiting: outbox.length,
      revision: applied?.revision ?? null,
      lastError,
      lastFailure: this.#lastFailure,
      storageErrors: this.#kept.errors,
    };
  }

  /** Declares a variable. Whoever declares a name again gets the same variable. */
  variable(name, own, spec = {}) {
    const known = this.#session.variables.get(name);
    if (known) {
      return known;
    }
    const variable = new Variable(name, own, spec);
    if (!isName(name)) {
      this.log("warn", "a variable is not declared: a name has 1 to 128 bytes and no control characters");
      return variable;
    }
    if (!variable.isReadonly && this.#kept.has(name)) {
      variable.apply(this.#kept.get(name));
    }
    this.#session.variables.declare(variable);
    return variable;
  }

  /** The newest value of something that the game measures: shown, never edited. As often as you like. */
  measure(name, value, spec = {}) {
    let variable = this.#measures.get(name);
    if (!variable) {
      const type = typeof value === "number" ? "float" : undefined;
      variable = this.variable(name, value, { type, ...spec, readonly: true });
      this.#measures.set(name, variable);
    }
    variable.value = value;
  }

  /** A button: `frame` runs it when somebody presses it. It may return a promise. */
  action(name, spec, run) {
    const [settings, handler] = typeof spec === "function" ? [{}, spec] : [spec ?? {}, run];
    this.variable(name, null, { ...settings, type: "action" });
    this.#actions.set(name, handler);
  }

  /** Logs, or drops what matters less and counts it. */
  log(level, message, fields) {
    const at = LEVELS.indexOf(level);
    const entry = { message: String(message).slice(0, MAX_MESSAGE_LENGTH), level: at < 0 ? "info" : level, timestamp: Date.now() };
    let text = stringify(entry);
    try {
      const whole = stringify({ ...fields, ...entry });
      text = whole.length - text.length <= MAX_FIELDS_LENGTH ? whole : text;
    } catch {
      // a circle: the message is worth more than its fields
    }
    this.#session.outbox.push(at < 0 ? LEVELS.indexOf("info") : at, text);
  }

  /** A moment that a tester wants to point at: a word of up to 32 bytes, and perhaps a sentence. */
  mark(word, message = word) {
    this.log("info", message, { mark: String(word).slice(0, MAX_MARK_LENGTH) });
  }

  /**
   * The boundary of a frame: applies what people have set, all of it together, and runs their actions.
   * @returns The names of the variables that changed.
   */
  frame() {
    this.#frames += 1;
    const changed = this.#guarded("frame", () => this.#applyEdits()) ?? [];
    this.#guarded("frame", () => this.#runActions());
    this.#look();
    return changed;
  }

  #applyEdits() {
    const edits = this.#session.variables.takeEdits();
    if (!edits) {
      return [];
    }
    const outcomes = new Map();
    const changed = [];
    for (const { variable, value } of edits.set) {
      const before = variable.value;
      const outcome = variable.apply(value);
      if (outcome.status !== "applied") {
        outcomes.set(variable.name, outcome);
      }
      if (outcome.status !== "rejected") {
        this.#kept.set(variable.name, variable.value);
      }
      if (!Object.is(before, variable.value)) {
        changed.push(variable);
      }
    }
    for (const variable of edits.released) {
      const before = variable.value;
      variable.release();
      if (!Object.is(before, variable.value)) {
        changed.push(variable);
      }
    }
    this.#session.edited(edits, outcomes, this.#frames);
    // once all of them are in force
    changed.forEach((variable) => this.#guarded(`onchange of ${variable.name}`, () => variable.onchange?.(variable.value)));
    return changed.map(({ name }) => name);
  }

  #runActions() {
    const calls = this.#session.calls;
    this.#session.calls = [];
    for (const { id, name, args } of calls) {
      // inside a promise, so that what it throws is an answer
      new Promise((resolve) => resolve(this.#actions.get(name)(args))).then(
        (result) => this.#answer(id, { result }),
        (error) => this.#answer(id, { error: reasonOf(error) }),
      );
    }
  }

  #answer(id, answer) {
    this.#session.answer(id, answer);
    this.#look();
  }

  /** Runs what may throw, also code of the game; the log says what was thrown. */
  #guarded(what, run) {
    try {
      return run();
    } catch (error) {
      this.log("error", `${what}: ${reasonOf(error)}`);
      return undefined;
    }
  }

  /** Waits until everything that was logged is stored, at most for so many milliseconds. Resolves to whether it is. */
  flush(within = 5_000) {
    const by = performance.now() + within;
    return new Promise((resolve) => {
      const look = () => {
        const isStored = this.#session.outbox.isEmpty;
        if (isStored || performance.now() >= by) {
          resolve(isStored);
        } else {
          setTimeout(look, 5);
        }
      };
      look();
    });
  }

  /** Sends what there is to say and disconnects. The variables keep their values. */
  close() {
    if (this.#isClosed) {
      return;
    }
    this.#look();
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#kept.save(true);
    this.#socket?.close(1000);
    this.#over(null);
  }

  /** Connects when it is time, and says what there is to say. */
  #look() {
    if (this.#isClosed) {
      return;
    }
    const now = performance.now();
    this.#kept.save(false);
    const { connectsAt } = this.#session;
    if (!this.#socket) {
      if (connectsAt !== null && now >= connectsAt) {
        this.#connect();
      }
      return;
    }
    if (connectsAt !== null || this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      return;
    }
    const lines = this.#session.write(now);
    if (lines === null) {
      this.#lose("the server does not answer");
      return;
    }
    lines.forEach((line) => this.#socket.send(line));
  }

  #connect() {
    this.#hasTried = true;
    let socket;
    try {
      socket = this.#open(this.#url);
    } catch (error) {
      // a bad URL, or a page that may not
      this.#over(reasonOf(error));
      return;
    }
    this.#socket = socket;
    const isCurrent = () => this.#socket === socket;
    const giveUp = setTimeout(() => isCurrent() && this.#lose("the server does not answer"), 10_000);
    socket.onopen = () => {
      clearTimeout(giveUp);
      if (isCurrent()) {
        this.#session.connected(performance.now());
        this.#look();
      }
    };
    socket.onmessage = ({ data }) => isCurrent() && this.#guarded("a line of the server", () => this.#hear(data));
    // what is wrong no page is told
    socket.onerror = () => {
      clearTimeout(giveUp);
      if (isCurrent()) {
        this.#lose("the connection failed");
      }
    };
    socket.onclose = ({ code, reason }) => {
      clearTimeout(giveUp);
      if (isCurrent()) {
        this.#over(reason || `the connection ended (${code})`);
      }
    };
  }

  #hear(data) {
    const now = performance.now();
    for (const line of String(data).split("\n")) {
      this.#session.received(line, now);
    }
    this.#look();
  }

  /** Gives a connection up. */
  #lose(reason) {
    const socket = this.#socket;
    this.#over(reason);
    socket?.close();
  }

  #over(reason) {
    this.#socket = null;
    this.#lastFailure = reason ?? this.#lastFailure;
    this.#session.disconnected(performance.now());
  }
}
