// Plays the game in the stories of sdk/stories, by the package observerio: one command a line, one answer a line. In Node, whose
// WebSocket is the browsers': node --experimental-websocket puppet.js

import { createInterface } from "node:readline";

import { connect } from "../src/index.js";
import { parse, stringify } from "../src/json.js";

const whole = (word) => (Number.isSafeInteger(Number(word)) ? Number(word) : BigInt(word));

function onlyEven(wanted) {
  if (wanted < 0) {
    return "in a cutscene";
  }
  return wanted % 2 === 0 ? true : { value: wanted - 1, reason: "even numbers only" };
}

let game;
let address = null;
let call = null;
const calls = [];
const variables = new Map();

/** The game is there before it is told where to connect. */
class Line {
  constructor() {
    if (address === null) {
      throw new Error("nobody has said where");
    }
    return new WebSocket(address);
  }
}

const declare = (name, own, spec) => void variables.set(name, game.variable(name, own, spec));

const commands = {
  new(key, device) {
    game = connect({ url: "later", key, device, name: "Puppet", app: "1.0", WebSocket: Line });
  },
  connect(where) {
    address = where;
  },
  bool: (name, own) => declare(name, own === "true"),
  text: (name, own) => declare(name, own),
  color: (name, own) => declare(name, own, { type: "color" }),
  int: (name, own, min, max) => declare(name, whole(own), { min: whole(min), max: whole(max) }),
  even: (name, own) => declare(name, whole(own), { check: onlyEven }),
  double: (name, own, min, max, unit) =>
    declare(name, Number(own), { min: Number(min), max: Number(max), unit, group: "enemy/boss", help: "How fast" }),
  choice: (name, own, ...options) => declare(name, own, { options }),
  measure(name, first) {
    game.measure(name, Number(first));
    const set = (value) => game.measure(name, value);
    variables.set(name, { value: Number(first), set });
  },
  action(name) {
    game.action(name, {}, (args) => new Promise((resolve, reject) => calls.push({ name, args, resolve, reject })));
  },
  get: (name) => String(variables.get(name).value),
  set(name, word) {
    const variable = variables.get(name);
    if (variable.set) {
      return variable.set(Number(word));
    }
    const read = { boolean: (text) => text === "true", number: Number, bigint: BigInt, string: String };
    variable.value = read[typeof variable.value](word);
    return undefined;
  },
  async frame() {
    game.frame();
    await new Promise((resolve) => setTimeout(resolve, 1));
  },
  log: (level, message, hp, room) => game.log(level, message, { hp: whole(hp), room }),
  poll() {
    call = calls.shift() ?? null;
    return call ? `${call.name} ${call.args === null ? "-" : stringify(call.args)}` : "none";
  },
  answer: (json) => call.resolve(parse(json)),
  fail: (reason) => call.reject(new Error(reason)),
  stats() {
    const { isConnected, isOriginal, stored, dropped } = game.stats;
    return `${Number(isConnected)} ${Number(isOriginal)} ${stored} ${dropped}`;
  },
  flush: async (milliseconds) => ((await game.flush(Number(milliseconds))) ? "ok" : "timeout"),
  async close(milliseconds) {
    await game.flush(Number(milliseconds));
    game.close();
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...words] = line.split("\t");
  let answer;
  try {
    answer = await commands[verb](...words);
  } catch (error) {
    answer = `error ${error}`;
  }
  console.log(answer ?? "ok");
}
