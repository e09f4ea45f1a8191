// The conversation, without sockets and clocks.

import assert from "node:assert/strict";
import { test } from "node:test";

import { toBase64 } from "../src/json.js";
import { Session } from "../src/session.js";
import { Variable } from "../src/variable.js";

const KEY = "0123456789ab";
const HELLO = 'h:{"proto":2,"caps":["ack","rev","ping","drain","json"],"limits":{"inflight":3},"ping":20000}';

function session(settings = {}) {
  return new Session({ key: KEY, hello: { device: "phone" }, outboxLength: 4_000, reportEvery: 100, measureEvery: 50, random: () => 0.5, ...settings });
}

/** One that is verified at this time; what it said until then is forgotten. */
function verified(subject, now, ...lines) {
  subject.connected(now);
  subject.write(now);
  hear(subject, now, HELLO, "OK", ...(lines.length > 0 ? lines : [`a:${KEY}:0`, `s:${KEY}:0`]));
  return subject;
}

const hear = (subject, now, ...lines) => lines.forEach((line) => subject.received(line, now));
const entry = (message) => JSON.stringify({ message });
const log = (subject, message, level = 2) => subject.outbox.push(level, entry(message));

test("it greets first, and says nothing else before it is verified", () => {
  const subject = session();
  log(subject, "early");
  subject.variables.declare(new Variable("speed", 2.5, {}));
  subject.connected(0);
  assert.deepEqual(subject.write(0), [
    'h:{"proto":2,"device":"phone","sdk":"web/0.1.0","caps":["ack","rev","ping","drain","json"]}',
    `v:${KEY}`,
  ]);
  hear(subject, 1, HELLO, "OK");
  assert.deepEqual(subject.write(1), [], "the server's count is not known");
  hear(subject, 2, `a:${KEY}:0`, `s:${KEY}:0`);
  assert.deepEqual(subject.write(2), [
    `i:${KEY}:1:[{"name":"speed","value":2.5,"type":"float","default":2.5}]`,
    `l:${KEY}:2:[{"message":"early"}]`,
  ]);
});

test("what is not acknowledged is sent again with its number, and reports as empty lines", () => {
  const subject = verified(session(), 0);
  const speed = new Variable("speed", 1, {});
  subject.variables.declare(speed);
  log(subject, "one");
  subject.write(0);
  log(subject, "two");
  assert.deepEqual(subject.write(30), [`l:${KEY}:3:[{"message":"two"}]`]);
  hear(subject, 40, `a:${KEY}:0`);
  subject.disconnected(50);
  speed.value = 2;
  verified(subject, 1_000, `a:${KEY}:2`, `s:${KEY}:0`);
  assert.equal(subject.outbox.stored, 1);
  assert.deepEqual(subject.write(1_000), [
    `l:${KEY}:3:[{"message":"two"}]`,
    `i:${KEY}:4:[{"name":"speed","value":2,"type":"integer","default":2}]`,
  ]);
  // a report that was lost leaves a line that says nothing
  subject.disconnected(1_100);
  verified(subject, 2_000, `a:${KEY}:3`, `s:${KEY}:0`);
  assert.equal(subject.write(2_000)[0], `l:${KEY}:4:[]`);
});

test("no more lines than the server takes are unacknowledged", () => {
  const subject = verified(session(), 0);
  for (let now = 0; now < 200; now += 20) {
    log(subject, `at ${now}`);
    subject.write(now);
  }
  hear(subject, 200, `a:${KEY}:1`);
  assert.deepEqual(subject.write(300).map((line) => line.slice(0, 16)), [`l:${KEY}:4`]);
  hear(subject, 300, `a:${KEY}:4`);
  assert.ok(subject.outbox.isEmpty);
  assert.equal(subject.outbox.stored, 10);
});

test("the least important is dropped first, counted, and told", () => {
  const subject = verified(session(), 0);
  const long = "x".repeat(800);
  for (const level of [1, 4, 1, 2, 2, 2]) {
    log(subject, long, level);
  }
  assert.deepEqual(subject.outbox.dropped, [0, 2, 0, 0, 0, 0]);
  log(subject, "y".repeat(2_000), 5);
  assert.equal(subject.outbox.dropped[5], 1, "more than half of the room");
  const [line] = subject.write(0);
  assert.ok(line.startsWith(`l:${KEY}:1:[{"dropped_since_start":{"debug":2,"fatal":1},"message":"3 log entries were dropped`), line);
});

test("busy is waited out, and refused for good counts", () => {
  const subject = verified(session(), 0);
  log(subject, "one");
  subject.write(0);
  hear(subject, 10, `n:${KEY}:1:busy:100`);
  assert.deepEqual(subject.write(50), []);
  assert.deepEqual(subject.write(110), [`l:${KEY}:1:[{"message":"one"}]`]);
  hear(subject, 120, `n:${KEY}:1:bad_shape 1`, `a:${KEY}:1`);
  assert.deepEqual([subject.refused, subject.lastError, subject.outbox.isEmpty], [1, "bad_shape 1", true]);
});

test("edits of a revision come together, and what became of them is said", () => {
  const subject = session();
  const [speed, lives] = [new Variable("speed", 2, { max: 10 }), new Variable("lives", 3, {})];
  subject.variables.declare(speed);
  subject.variables.declare(lives);
  verified(subject, 0, `a:${KEY}:0`, `v:${KEY}:7:{"epoch":"e","full":true,"vars":[{"name":"speed","value":20},{"name":"lives","value":"x"}]}`, `s:${KEY}:7`);
  const edits = subject.variables.takeEdits();
  assert.deepEqual(edits.set.map(({ variable }) => variable.name), ["speed", "lives"]);
  const outcomes = new Map(edits.set.map(({ variable, value }) => [variable.name, variable.apply(value)]));
  subject.edited(edits, outcomes, 5);
  assert.deepEqual([speed.value, lives.value], [10, 3]);
  const said = `r:${KEY}:7:[{"name":"speed","status":"clamped","value":10,"reason":"the largest is 10","frame":5},{"name":"lives","status":"rejected","reason":"the game keeps it as integer","frame":5}]`;
  assert.equal(subject.write(1)[0], said);
  assert.equal(subject.variables.takeEdits(), null);
  // the next connection says where it is; what was not taken is said again
  subject.disconnected(10);
  subject.connected(500);
  assert.ok(subject.write(500)[0].endsWith('"epoch":"e","rev":7}'));
  hear(subject, 501, HELLO, "OK", `a:${KEY}:1`, `s:${KEY}:7`);
  assert.equal(subject.write(501)[0], said.replaceAll(',"frame":5', ""));
  // let go: back to its own
  hear(subject, 510, `v:${KEY}:8:{"epoch":"e","full":false,"vars":[],"removed":["speed"]}`);
  const { set, released } = subject.variables.takeEdits();
  assert.deepEqual([set, released.map(({ name }) => name)], [[], ["speed"]]);
});

test("a silent server is asked, and given up", () => {
  const subject = verified(session(), 0);
  assert.deepEqual(subject.write(19_000), []);
  assert.deepEqual(subject.write(20_000), ["p:1"]);
  hear(subject, 21_000, "q:1");
  assert.deepEqual(subject.write(40_000), []);
  assert.deepEqual(subject.write(41_000), ["p:1"]);
  assert.deepEqual(subject.write(60_000), []);
  assert.equal(subject.write(61_001), null);
  subject.disconnected(61_001);
  subject.connected(62_000);
  assert.ok(subject.write(72_000));
  assert.equal(subject.write(72_001), null, "no answer to the greeting");
});

test("waits double, a good connection begins anew, and a hopeless one waits long", () => {
  const subject = session();
  const waits = [1, 2, 3, 4].map(() => {
    subject.disconnected(0);
    return subject.connectsAt;
  });
  assert.deepEqual(waits, [187.5, 375, 750, 1_500]);
  verified(subject, 0);
  hear(subject, 1, "ERR revoked the key was revoked");
  subject.disconnected(0);
  assert.deepEqual([subject.connectsAt, subject.lastError], [22_500, "revoked the key was revoked"]);
  verified(subject, 0);
  hear(subject, 1, "d:2000");
  subject.disconnected(0);
  assert.equal(subject.connectsAt, 1_000);
});

test("a server of the original grammar hears no numbers, and base64", () => {
  const subject = session();
  const title = new Variable("title", "Level 1", {});
  subject.variables.declare(title);
  log(subject, "Zoë");
  subject.connected(0);
  subject.write(0);
  hear(subject, 1, "OK");
  assert.ok(subject.isOriginal);
  const declared = toBase64('[{"name":"title","value":"Level 1","type":"string","default":"Level 1"}]');
  assert.deepEqual(subject.write(1), [`i:${KEY}:${declared}`, `l:${KEY}:${toBase64('[{"message":"Zoë"}]')}`]);
  assert.ok(subject.outbox.isEmpty);
  hear(subject, 2, `v:${KEY}:${toBase64('{"name":"title","type":"string","value":"Ende"}')}`);
  assert.equal(subject.variables.takeEdits().set[0].value, "Ende");
});

test("nonsense throws nothing", () => {
  const subject = verified(session(), 0);
  const pieces = ["", "h:", "a", "n:", "v:", KEY, ":", "1", "{", '{"vars":[null]}', '{"vars":{}}', "x1", "null", "d:-1", "OK", "ERR", "\0", "e30="];
  for (const first of pieces) {
    for (const second of pieces) {
      for (const third of pieces) {
        hear(subject, 1, first + second + third, `v:${KEY}:1:${first}${second}${third}`, `x:${KEY}:x1:${first}${second}`);
      }
    }
  }
  subject.variables.takeEdits();
  assert.ok(Array.isArray(subject.write(2)));
});
