// The conversation with a server, without a socket and without a clock: lines and times go in, lines come out. Times are milliseconds
// of any monotonic clock.
//
// A server that talks nonsense is never a reason to throw, and what is kept is bounded whatever it does.

import { Backoff } from "./backoff.js";
import { parsePayload, stringify } from "./json.js";
import { Outbox } from "./outbox.js";
import { Variables } from "./variables.js";

/** Log entries are gathered for so long. */
const LOG_EVERY = 20;
/** Calls of actions that are answered at once. */
const MAX_CALLS = 64;
/** Unacknowledged lines, however many the server would take. */
const MAX_WINDOW = 256;
const MAX_ANSWER_LENGTH = 65_536;
/** What is put together before it is handed to the socket, in characters, about. */
const MAX_UNWRITTEN_LENGTH = 64 * 1024;
const VERIFY_TIMEOUT = 10_000;
const PING_TIMEOUT = 10_000;
/** The longest waiting time that a server may ask for. */
const MAX_WAIT = 60_000;
const CAPS = ["ack", "rev", "ping", "drain", "json"];
/** The next attempt would end as this one did. */
const HOPELESS = new Set(["revoked", "bad_key", "taken_over", "tls_required", "quota", "rate"]);
const SDK = "web/0.1.0";

const whole = (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);

/** The part before the first colon, and what follows. */
function split(text) {
  const at = text.indexOf(":");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

export class Session {
  variables = new Variables();
  outbox;
  /** Calls of actions: `{ id, name, args }`. */
  calls = [];
  refused = 0;
  lastError = null;
  /** The newest revision that is applied, and its history. */
  applied = null;
  #settings;
  /** `down`, `greeting` or `verified`. */
  #link = "down";
  /** When the next attempt is due, or since when the server is greeted. */
  #linkAt = 0;
  /** What the server's `h:` granted; `null`: it speaks the original grammar. */
  #granted = null;
  #hasCount = false;
  #backoff;
  #urgent = [];
  #answers = [];
  #receipt = null;
  /** What was not just taken, of the values in force: said again on each connection. */
  #objections = new Map();
  #owesObjections = false;
  #pausedUntil = 0;
  #logAt = 0;
  #heardAt = 0;
  #pingedAt = null;
  #drain = null;

  /** @param settings `key`, `hello` (fields of the `h:`), `outboxLength`, `reportEvery`, `measureEvery`, and `random` for tests. */
  constructor(settings) {
    this.#settings = settings;
    this.outbox = new Outbox(settings.outboxLength);
    this.#backoff = new Backoff(settings.random);
  }

  /** Whether the key is verified. */
  get isVerified() {
    return this.#link === "verified";
  }

  get isOriginal() {
    return this.isVerified && this.#granted === null;
  }

  /** When to connect; `null` while there is a connection. */
  get connectsAt() {
    return this.#link === "down" ? this.#linkAt : null;
  }

  /** There is a connection. */
  connected(now) {
    this.#link = "greeting";
    this.#linkAt = this.#heardAt = now;
    this.#granted = this.#pingedAt = this.#drain = null;
    this.#hasCount = this.#owesObjections = false;
    this.#pausedUntil = 0;
    // the `h:` says it
    this.#receipt = null;
    const { key, hello } = this.#settings;
    const { revision: rev, epoch } = this.applied ?? {};
    this.#urgent = [`h:${stringify({ proto: 2, ...hello, sdk: SDK, caps: CAPS, epoch, rev })}`, `v:${key}`];
  }

  /** The connection is over, or none could be made. */
  disconnected(now) {
    const wait = this.#drain === null ? this.#backoff.next() : this.#backoff.partOf(this.#drain);
    this.#link = "down";
    this.#linkAt = now + wait;
    this.#drain = null;
    this.outbox.disconnected();
    this.variables.disconnected();
    // whoever called hears that nobody answers
    [this.#urgent, this.calls, this.#answers, this.#receipt] = [[], [], [], null];
  }

  /** The game has applied these edits; what `outcomes` does not mention it took as it was. */
  edited(edits, outcomes, frame) {
    const names = [...edits.set.map(({ variable }) => variable.name), ...edits.released.map(({ name }) => name)];
    names.forEach((name) => this.#objections.delete(name));
    outcomes.forEach((outcome, name) => this.#objections.set(name, outcome));
    if (!edits.heard) {
      return;
    }
    this.applied = edits.heard;
    this.#receipt ??= { outcomes: new Map() };
    Object.assign(this.#receipt, { revision: edits.heard.revision, frame });
    names.forEach((name) => this.#receipt.outcomes.delete(name));
    outcomes.forEach((outcome, name) => this.#receipt.outcomes.set(name, outcome));
  }

  /** What an action gave, `{ result }` or `{ error }`. An answer that is too long or is no JSON fails. */
  answer(id, answer) {
    let payload;
    try {
      payload = stringify(answer);
      if (payload.length > MAX_ANSWER_LENGTH) {
        payload = stringify({ error: `the answer is longer than ${MAX_ANSWER_LENGTH} bytes` });
      }
    } catch (error) {
      payload = stringify({ error: `the answer is no JSON: ${error.message}` });
    }
    if (this.#answers.length === MAX_CALLS) {
      this.#answers.shift();
    }
    this.#answers.push(`r:${this.#settings.key}:${id}:${payload}`);
  }

  /** A line came. */
  received(line, now) {
    this.#heardAt = now;
    this.#pingedAt = null;
    try {
      this.#hear(line, now);
    } catch {
      // a newer server may say what we don't know
    }
  }

  #hear(line, now) {
    if (line === "OK") {
      return this.#hearOk();
    }
    if (line.startsWith("ERR ")) {
      return this.#hearError(line.slice(4));
    }
    const [verb, rest = ""] = split(line);
    switch (verb) {
      case "h":
        return this.#hearHello(parsePayload(rest));
      case "p":
        return void this.#urgent.push(`q:${rest}`);
      case "d":
        this.#drain = Math.min(whole(rest) ?? 0, MAX_WAIT);
        return undefined;
    }
    const [key, words = ""] = split(rest);
    return key === this.#settings.key ? this.#hearKeyed(verb, words, now) : undefined;
  }

  #hearKeyed(verb, words, now) {
    const [first, rest] = split(words);
    switch (verb) {
      case "a":
        return this.#hearCount(whole(words));
      case "n":
        return this.#hearRefusal(whole(first), rest ?? "", now);
      case "v":
        return rest === undefined ? this.variables.hearEdits([parsePayload(words)].flat()) : this.#hearChanges(whole(first), parsePayload(rest));
      case "s":
        return this.#objectAgain();
      case "x":
        return this.#hearCall(first, parsePayload(rest ?? ""));
    }
    return undefined;
  }

  #hearHello({ caps = [], limits = {}, ping = 20_000 }) {
    if (this.#link === "greeting") {
      const window = Math.max(1, Math.min(Number(limits.inflight) || MAX_WINDOW, MAX_WINDOW));
      this.#granted = { caps: new Set(caps), window, ping: Math.max(PING_TIMEOUT, Math.min(Number(ping) || 0, MAX_WAIT)) };
    }
  }

  /** Verified. A server that has not said `h:` before is one of the original grammar. */
  #hearOk() {
    if (this.#link === "greeting") {
      this.#link = "verified";
      this.#hasCount = !this.#has("ack");
      this.#backoff.succeeded();
      this.#owesObjections = true;
    }
  }

  #has(cap) {
    return this.#granted?.caps.has(cap) ?? false;
  }

  #hearCount(seq) {
    if (this.isVerified && seq !== undefined) {
      this.outbox.acknowledged(seq, !this.#hasCount);
      this.#hasCount = true;
    }
  }

  /** `code`, `code places` or `code:ms`. */
  #hearRefusal(seq, words, now) {
    const [code, wait] = split(words);
    if (wait === undefined) {
      this.refused += 1;
      this.#noteError(code);
    } else if (seq !== undefined) {
      this.lastError = code;
      this.outbox.notTaken(seq);
      this.#pausedUntil = Math.max(this.#pausedUntil, now + Math.min(whole(wait) ?? 0, MAX_WAIT));
    }
  }

  #hearChanges(revision, changes) {
    // of all values the game says anew what became of them
    this.#owesObjections &&= !changes.full;
    this.#objectAgain();
    const letGo = this.variables.hearChanges(revision, changes);
    letGo.forEach((name) => this.onletgo?.(name));
  }

  /** The server is where the game is: it may not have heard what the game did not just take. */
  #objectAgain() {
    if (this.#owesObjections && this.#objections.size > 0 && this.applied) {
      this.#receipt = { revision: this.applied.revision, outcomes: new Map(this.#objections) };
    }
    this.#owesObjections = false;
  }

  #hearCall(id, { name, args = null }) {
    const isAction = this.variables.get(name)?.type === "action";
    if (isAction && this.calls.length < MAX_CALLS) {
      this.calls.push({ id, name, args });
    } else {
      this.answer(id, { error: isAction ? "the game has too many actions to run" : "the game has no such action" });
    }
  }

  #hearError(words) {
    if (words.startsWith("line_too_long ")) {
      this.outbox.dropLongest();
    }
    this.#noteError(words);
  }

  #noteError(words) {
    this.lastError = words;
    if (HOPELESS.has(words.split(" ")[0])) {
      this.#backoff.despair();
    }
  }

  /**
   * What is to be said now.
   * @returns Lines; `null`: the server is silent, and the connection of no more use.
   */
  write(now) {
    if (!this.#isAlive(now)) {
      return null;
    }
    const lines = this.#urgent;
    this.#urgent = [];
    if (!this.isVerified) {
      return lines;
    }
    if (this.#has("rev")) {
      this.#writeReceipts(lines);
    }
    if (this.#hasCount && this.#drain === null && now >= this.#pausedUntil) {
      this.#writeContent(lines, now);
    }
    return lines;
  }

  #writeReceipts(lines) {
    if (this.#receipt) {
      const { revision, outcomes, frame } = this.#receipt;
      const payload = Array.from(outcomes, ([name, outcome]) => ({ name, ...outcome, frame }));
      lines.push(`r:${this.#settings.key}:${revision}${payload.length > 0 ? `:${stringify(payload)}` : ""}`);
      this.#receipt = null;
    }
    lines.push(...this.#answers);
    this.#answers = [];
  }

  #writeContent(lines, now) {
    const { key, reportEvery, measureEvery } = this.#settings;
    const window = this.#granted?.window ?? MAX_WINDOW;
    while (this.outbox.hasRoom(window)) {
      const report = this.variables.report(now, reportEvery, measureEvery);
      if (report === null) {
        break;
      }
      this.outbox.keepReport(report);
    }
    if (now >= this.#logAt && this.outbox.isWaiting) {
      this.#logAt = now + LOG_EVERY;
      this.outbox.gather(window);
    }
    let length = 0;
    while (this.outbox.hasLines && length < MAX_UNWRITTEN_LENGTH) {
      const line = this.outbox.nextLine(key, this.#has("ack"));
      length += line.length;
      lines.push(line);
    }
  }

  /** Asks a silent server whether it is there. */
  #isAlive(now) {
    if (this.#link === "greeting") {
      return now - this.#linkAt <= VERIFY_TIMEOUT;
    }
    const silence = now - this.#heardAt;
    if (!this.isVerified || this.#granted === null || silence < this.#granted.ping) {
      return true;
    }
    if (this.#pingedAt === null) {
      // also after a sleep: what came meanwhile may not have been handed over yet
      this.#pingedAt = now;
      this.#urgent.push("p:1");
    }
    return now - this.#pingedAt <= 2 * PING_TIMEOUT;
  }
}
