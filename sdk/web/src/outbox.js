// What is to be stored: log entries that wait, and numbered lines that are not acknowledged.

import { stringify, toBase64 } from "./json.js";

export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];
/** Entries of one line, and about so many characters. */
const LINE_ENTRIES = 500;
const LINE_LENGTH = 32 * 1024;
/** What an entry takes beside its text. */
const ENTRY_LENGTH = 96;
/** The payload of a line that has a number and says nothing. */
const NOTHING = "[]";

/** Bounded: what does not fit is dropped, the least important first, and counted. */
export class Outbox {
  #waiting = LEVELS.map(() => []);
  #pushed = 0;
  #waitingLength = 0;
  /** Lines that are sent until they are acknowledged: `{ isReport, payload, entries }`. */
  #kept = [];
  #keptLength = 0;
  /** The number of the first kept line, or of the next one. */
  #first = 1;
  /** How many of the kept lines are on their way on this connection. */
  #sent = 0;
  #maxLength;
  /** Those of `dropped` that the log does not mention yet. */
  #untold = 0;
  /** Entries that were dropped, of each level. */
  dropped = LEVELS.map(() => 0);
  /** Entries that were acknowledged. */
  stored = 0;

  constructor(maxLength) {
    this.#maxLength = maxLength;
  }

  get isWaiting() {
    return this.#waitingLength > 0;
  }

  /** Whether everything was acknowledged. */
  get isEmpty() {
    return this.#kept.length === 0 && !this.isWaiting;
  }

  get length() {
    return this.#waitingLength + this.#keptLength;
  }

  /** Takes an entry, which is JSON, if need be in place of older ones that are no more important. */
  push(level, text) {
    const length = ENTRY_LENGTH + text.length;
    let hasRoom = length <= this.#maxLength / 2;
    while (hasRoom && this.length + length > this.#maxLength) {
      hasRoom = this.#dropLowest(level);
    }
    if (!hasRoom) {
      this.#countDropped(level, 1);
      return;
    }
    this.#pushed += 1;
    this.#waitingLength += length;
    this.#waiting[level].push({ id: this.#pushed, text });
  }

  #dropLowest(level) {
    const lowest = this.#waiting.findIndex((entries, at) => at <= level && entries.length > 0);
    if (lowest < 0) {
      return false;
    }
    this.#take(lowest);
    this.#countDropped(lowest, 1);
    return true;
  }

  #countDropped(level, count) {
    this.dropped[level] += count;
    this.#untold += count;
  }

  #take(level) {
    const { text } = this.#waiting[level].shift();
    this.#waitingLength -= ENTRY_LENGTH + text.length;
    return text;
  }

  #takeOldest() {
    let oldest = -1;
    this.#waiting.forEach((entries, level) => {
      if (entries.length > 0 && (oldest < 0 || entries[0].id < this.#waiting[oldest][0].id)) {
        oldest = level;
      }
    });
    return this.#take(oldest);
  }

  /** Numbers what waits, as long as no more than `window` lines are unacknowledged. */
  gather(window) {
    while (this.isWaiting && this.hasRoom(window)) {
      const entries = this.#untold > 0 ? [this.#tellDropped()] : [];
      let length = 0;
      while (this.isWaiting && entries.length < LINE_ENTRIES && length < LINE_LENGTH) {
        const text = this.#takeOldest();
        length += ENTRY_LENGTH + text.length;
        entries.push(text);
      }
      this.#keep({ isReport: false, payload: `[${entries.join(",")}]`, entries: entries.length });
    }
  }

  #tellDropped() {
    const count = this.#untold;
    this.#untold = 0;
    const noun = count === 1 ? "log entry was" : "log entries were";
    const counts = LEVELS.map((level, at) => [level, this.dropped[at]]).filter(([, dropped]) => dropped > 0);
    const message = `${count} ${noun} dropped: the outbox was full`;
    return stringify({ dropped_since_start: Object.fromEntries(counts), message, level: "warn" });
  }

  /** Whether another line may be numbered. */
  hasRoom(window) {
    return this.#kept.length < window;
  }

  keepReport(payload) {
    this.#keep({ isReport: true, payload, entries: 0 });
  }

  #keep(line) {
    this.#keptLength += line.payload.length;
    this.#kept.push(line);
  }

  /** Whether a line is to be sent. */
  get hasLines() {
    return this.#sent < this.#kept.length;
  }

  /** The next line to send, with its number, which is kept; or without, and forgotten. */
  nextLine(key, isNumbered) {
    const { isReport, payload } = this.#kept[this.#sent];
    const verb = isReport ? "i" : "l";
    if (isNumbered) {
      this.#sent += 1;
      return `${verb}:${key}:${this.#first + this.#sent - 1}:${payload}`;
    }
    this.#settle(1);
    // the original server reads nothing but base64
    return `${verb}:${key}:${toBase64(payload)}`;
  }

  /**
   * Everything up to `seq` is stored. The first word of a connection says where the server's count is, which may be another one: a
   * backup was restored.
   */
  acknowledged(seq, isFirst) {
    const settled = Math.max(0, Math.min(seq + 1 - this.#first, this.#kept.length));
    this.#kept.slice(0, settled).forEach(({ entries }) => (this.stored += entries));
    this.#settle(settled);
    if (isFirst) {
      this.#first = seq + 1;
    }
  }

  #settle(count) {
    for (const { payload } of this.#kept.splice(0, count)) {
      this.#keptLength -= payload.length;
    }
    this.#first += count;
    this.#sent = Math.max(0, this.#sent - count);
  }

  /** Everything from `seq` on is to be sent again. */
  notTaken(seq) {
    this.#sent = Math.min(this.#sent, Math.max(0, seq - this.#first));
  }

  /** A line was too long for the server, which does not say which one: the longest goes, or it would never go on. */
  dropLongest() {
    const onTheirWay = this.#kept.slice(0, this.#sent);
    if (onTheirWay.length > 0) {
      const longest = onTheirWay.reduce((most, line, at) => (line.payload.length > onTheirWay[most].payload.length ? at : most), 0);
      this.#countDropped(LEVELS.indexOf("info"), onTheirWay[longest].entries);
      this.#blank(longest);
    }
  }

  #blank(at) {
    this.#keptLength += NOTHING.length - this.#kept[at].payload.length;
    this.#kept[at] = { isReport: false, payload: NOTHING, entries: 0 };
  }

  /** Nothing is on its way any more. What is true of variables then, is said then. */
  disconnected() {
    this.#sent = 0;
    this.#kept.forEach(({ isReport }, at) => isReport && this.#blank(at));
  }
}
