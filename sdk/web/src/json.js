// JSON whose numbers keep all their digits: whole numbers that a double can't hold are BigInt.

/** Begins a text that stands for bare JSON. Random, so that nobody can send it. */
const MARK = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join("-");
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Shorter whole numbers fit into a double. */
const LONG_INTEGER = /\d{16}/;
const MARKED = new RegExp(`"${MARK}([^"]*)"`, "g");

/** Stands for a text that is JSON already. */
class Raw {
  constructor(text) {
    this.text = text;
  }

  toJSON() {
    return MARK + this.text;
  }
}

/** A number as a float: with a point, also where nothing follows it. */
export function float(number) {
  return Number.isInteger(number) && Math.abs(number) < 1e21 ? new Raw(`${number}.0`) : number;
}

/** As `JSON.stringify`, with BigInt and {@link float}. */
export function stringify(value) {
  let isMarked = false;
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part === "bigint") {
      isMarked = true;
      return MARK + part;
    }
    isMarked ||= typeof part === "string" && part.startsWith(MARK);
    return part;
  });
  return isMarked ? text.replace(MARKED, "$1") : text;
}

/**
 * As `JSON.parse`; whole numbers beyond 2^53 are BigInt.
 * @throws {SyntaxError} It is not JSON.
 */
export function parse(text) {
  if (!LONG_INTEGER.test(text)) {
    return JSON.parse(text);
  }
  const marked = text.replace(TOKENS, (token) => {
    const isInteger = token[0] !== '"' && !/[.eE]/.test(token);
    return isInteger && !Number.isSafeInteger(Number(token)) ? `"${MARK}${token}"` : token;
  });
  return JSON.parse(marked, (_, part) => {
    return typeof part === "string" && part.startsWith(MARK) ? BigInt(part.slice(MARK.length)) : part;
  });
}

/** Text as base64 of its UTF-8. */
export function toBase64(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) {
    bytes += String.fromCharCode(byte);
  }
  return btoa(bytes);
}

/** A payload: JSON, or base64 of it. */
export function parsePayload(text) {
  if (text[0] === "{" || text[0] === "[") {
    return parse(text);
  }
  const bytes = Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0));
  return parse(new TextDecoder().decode(bytes));
}
