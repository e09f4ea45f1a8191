// The live line between a game in a browser and its designers.

import { Game } from "./game.js";
import { stringify } from "./json.js";
import { KeptValues } from "./kept.js";

export { Game } from "./game.js";
export { Variable } from "./variable.js";

const KEY_BYTES = 12;
const MAX_TEXT_BYTES = 128;
const MAX_ATTRIBUTES_BYTES = 2_048;

const bytesOf = (text) => new TextEncoder().encode(text).length;

/** What a server takes: without control characters, and not too long. */
function short(text) {
  if (text === undefined || text === null) {
    return undefined;
  }
  let plain = String(text).replace(/\p{Cc}/gu, "");
  while (bytesOf(plain) > MAX_TEXT_BYTES) {
    plain = Array.from(plain).slice(0, -1).join("");
  }
  return plain.trim() === "" ? undefined : plain;
}

function ownUrl() {
  const { protocol, host } = globalThis.location ?? {};
  if (!host) {
    throw new TypeError("observerio: name the server, such as { url: \"ws://127.0.0.1:8080/game\" }");
  }
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}/game`;
}

/** 128 random bits. */
function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The browser's storage; `null` where a page may not use it. */
function ownStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** The same for each start in this browser. */
function rememberedDevice(storage) {
  const name = "observerio:device";
  try {
    const device = storage?.getItem(name) ?? random();
    storage?.setItem(name, device);
    return device;
  } catch {
    return undefined;
  }
}

/**
 * Connects a game to its designers, and connects again whenever it must, until it is closed. Returns at once; the game goes on with its
 * own values until there is a server.
 * @throws {TypeError} The key is none, there is no URL, or the attributes are too long.
 */
export function connect({
  url = ownUrl(),
  key,
  device,
  name,
  app,
  platform = globalThis.navigator?.userAgentData?.platform ?? globalThis.navigator?.platform,
  attributes,
  keep = false,
  outboxLength = 1024 * 1024,
  reportEvery = 100,
  measureEvery = 100,
  WebSocket = globalThis.WebSocket,
}) {
  if (typeof key !== "string" || bytesOf(key) !== KEY_BYTES) {
    throw new TypeError(`observerio: a key has ${KEY_BYTES} bytes; the project's page shows it`);
  }
  if (attributes !== undefined && bytesOf(stringify(attributes)) > MAX_ATTRIBUTES_BYTES) {
    throw new TypeError(`observerio: attributes have at most ${MAX_ATTRIBUTES_BYTES} bytes of JSON`);
  }
  const storage = keep === true ? ownStorage() : keep || null;
  const hello = {
    device: short(device) ?? (storage ? rememberedDevice(storage) : undefined),
    session: random(),
    name: short(name),
    app: short(app),
    platform: short(platform),
    attrs: attributes,
  };
  const settings = { key, hello, outboxLength, reportEvery, measureEvery };
  return new Game(url, settings, new KeptValues(storage, `observerio:${key}`), (address) => new WebSocket(address));
}
