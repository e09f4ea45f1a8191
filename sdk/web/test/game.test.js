// What a game's code holds, over a socket that the test holds.

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "../src/index.js";

const KEY = "0123456789ab";
const HELLO = 'h:{"proto":2,"caps":["ack","rev","ping","drain","json"],"limits":{"inflight":256},"ping":20000}';

/** The newest socket that was opened. */
class Socket {
  static newest = null;
  bufferedAmount = 0;
  said = [];

  constructor(url) {
    this.url = url;
    Socket.newest = this;
  }

  send(line) {
    this.said.push(line);
  }

  close() {
    this.isClosed = true;
  }

  hear(...lines) {
    lines.forEach((data) => this.onmessage({ data }));
  }

  /** Opens and verifies. */
  begin(...lines) {
    this.onopen();
    this.hear(HELLO, "OK", `a:${KEY}:0`, ...lines, `s:${KEY}:0`);
  }
}

function play(run, options = {}) {
  return async () => {
    const game = connect({ url: "ws://there/game", key: KEY, WebSocket: Socket, reportEvery: 0, measureEvery: 0, ...options });
    try {
      await run(game, Socket.newest);
    } finally {
      game.close();
    }
  };
}

const payloads = (socket, verb) =>
  socket.said.filter((line) => line.startsWith(`${verb}:${KEY}:`)).map((line) => JSON.parse(line.slice(line.indexOf(":", 15) + 1)));

test(
  "its state is that of the connection",
  play((game, socket) => {
    assert.equal(socket.url, "ws://there/game");
    assert.equal(game.state, "connecting");
    socket.begin();
    assert.equal(game.state, "online");
    socket.onclose({ code: 1006, reason: "" });
    assert.deepEqual([game.state, game.stats.lastFailure], ["offline", "the connection ended (1006)"]);
    // what comes from a connection that is over counts for nothing
    socket.hear("OK");
    assert.equal(game.state, "offline");
    game.close();
    game.close();
  }),
);

test(
  "an edit is in force from the frame on, all of it before anybody is called",
  play((game, socket) => {
    const speed = game.variable("speed", 2.5, { min: 0, max: 10 });
    const lives = game.variable("lives", 3);
    const seen = [];
    speed.onchange = (value) => seen.push(value, lives.value);
    const edit = `v:${KEY}:1:{"epoch":"e","full":false,"vars":[{"name":"speed","value":12},{"name":"lives","value":5}],"removed":[]}`;
    socket.begin(edit);
    assert.deepEqual([speed.value, lives.value], [2.5, 3]);
    assert.deepEqual(game.frame(), ["speed", "lives"]);
    assert.deepEqual([speed.value, lives.value, seen], [10, 5, [10, 5]]);
    assert.deepEqual(game.frame(), []);
    assert.deepEqual(payloads(socket, "r"), [[{ name: "speed", status: "clamped", value: 10, reason: "the largest is 10", frame: 1 }]]);
    assert.equal(game.variable("speed", 7), speed, "declared again, it is the same");
  }),
);

test(
  "nothing of the game's own code throws into its frame",
  play(async (game, socket) => {
    const fail = () => {
      throw new Error("oops");
    };
    game.variable("checked", 1, { check: fail });
    game.variable("heard", 1).onchange = fail;
    game.action("spawn", {}, fail);
    game.action("later", () => Promise.reject(new Error("no boss")));
    const circle = {};
    circle.self = circle;
    game.log("info", "a circle", circle);
    game.log("shout", "no level");
    game.measure("fps", NaN);
    game.variable("", 1);
    socket.begin(`v:${KEY}:1:{"epoch":"e","full":false,"vars":[{"name":"checked","value":2},{"name":"heard","value":2}],"removed":[]}`);
    socket.hear(`x:${KEY}:x1:{"name":"spawn","args":null}`, `x:${KEY}:x2:{"name":"later","args":[1]}`, `x:${KEY}:x3:{"name":"none","args":null}`);
    assert.deepEqual(game.frame(), ["heard"]);
    await new Promise(setImmediate);
    const answers = payloads(socket, "r");
    assert.deepEqual(answers, [{ error: "the game has no such action" }, [{ name: "checked", status: "rejected", reason: "oops", frame: 1 }], { error: "oops" }, { error: "no boss" }]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    game.frame();
    const messages = payloads(socket, "l").flat().map(({ message, level }) => [level, message]);
    assert.deepEqual(messages, [
      ["info", "a circle"],
      ["info", "no level"],
      ["warn", "a variable is not declared: a name has 1 to 128 bytes and no control characters"],
      ["error", "onchange of heard: oops"],
    ]);
  }),
);

test(
  "a slow socket gets nothing more, and the newest value later",
  play((game, socket) => {
    socket.begin();
    socket.bufferedAmount = 100_000;
    const count = socket.said.length;
    for (let frame = 0; frame < 1_000; frame += 1) {
      game.measure("frame", frame);
      game.frame();
    }
    assert.equal(socket.said.length, count);
    socket.bufferedAmount = 0;
    game.frame();
    assert.deepEqual(payloads(socket, "i").flat().map(({ value }) => value), [999]);
  }),
);

test("without a socket it goes on, and the reason is there", () => {
  class Never {
    constructor() {
      throw new Error("blocked by a policy");
    }
  }
  const game = connect({ url: "ws://there/game", key: KEY, WebSocket: Never });
  const speed = game.variable("speed", 1);
  speed.value = 2;
  assert.deepEqual([game.frame(), speed.value, game.state], [[], 2, "offline"]);
  assert.equal(game.stats.lastFailure, "blocked by a policy");
  game.close();
});

test("what was set is there at the next start, if that is asked for", async () => {
  const items = new Map();
  const keep = { getItem: (name) => items.get(name) ?? null, setItem: (name, text) => items.set(name, text) };
  const edit = `v:${KEY}:1:{"epoch":"e","full":false,"vars":[{"name":"speed","value":99},{"name":"fps","value":1}],"removed":[]}`;
  await play(
    (game, socket) => {
      game.variable("speed", 1, { max: 10 });
      socket.begin(edit);
      game.frame();
    },
    { keep },
  )();
  await play(
    (game, socket) => {
      assert.equal(items.get(`observerio:${KEY}`), '{"speed":10}');
      const speed = game.variable("speed", 1, { max: 8 });
      assert.equal(speed.value, 8, "as far as the game can");
      // meanwhile it was let go
      socket.begin(`v:${KEY}:2:{"epoch":"e","full":true,"vars":[],"removed":[]}`);
      assert.deepEqual([game.frame(), speed.value], [["speed"], 1]);
      const device = JSON.parse(socket.said[0].slice(2)).device;
      assert.equal(items.get("observerio:device"), device);
    },
    { keep },
  )();
  assert.equal(items.get(`observerio:${KEY}`), "{}");
});

test("what can't be is said at once", () => {
  assert.throws(() => connect({ key: "short", url: "ws://there" }), /a key has 12 bytes/);
  assert.throws(() => connect({ key: KEY }), /name the server/);
  assert.throws(() => connect({ key: KEY, url: "ws://there", attributes: { a: "x".repeat(3_000) } }), /at most 2048 bytes/);
});

test("a page's own server is the default", () => {
  globalThis.location = { protocol: "https:", host: "tune.example.org" };
  const game = connect({ key: KEY, device: "a\nb".repeat(100), WebSocket: Socket });
  Socket.newest.onopen();
  assert.equal(Socket.newest.url, "wss://tune.example.org/game");
  assert.equal(JSON.parse(Socket.newest.said[0].slice(2)).device, "ab".repeat(64));
  game.close();
  delete globalThis.location;
});
