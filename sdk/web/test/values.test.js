// Values: exact, of their type, and within their range.

import assert from "node:assert/strict";
import { test } from "node:test";

import { float, parse, parsePayload, stringify, toBase64 } from "../src/json.js";
import { KeptValues } from "../src/kept.js";
import { Variable } from "../src/variable.js";

test("whole numbers keep all their digits", () => {
  for (const text of ["9007199254740993", "-9223372036854775808", "18446744073709551615", "[1,2.5,9007199254740993]", '{"a":{"b":-9007199254740993}}']) {
    assert.equal(stringify(parse(text)), text);
  }
  assert.equal(parse("9007199254740991"), 9_007_199_254_740_991);
  assert.equal(parse("9007199254740993"), 9_007_199_254_740_993n);
  assert.equal(parse("12345678901234567.5"), 12_345_678_901_234_567.5);
});

test("what looks like a number in a text is text", () => {
  const texts = ["9007199254740993", '"9007199254740993"', "\\", '\\"12345678901234567890', "\u0000 12345678901234567890"];
  for (const text of texts) {
    assert.deepEqual(parse(stringify({ text, id: 2n ** 63n })), { text, id: 2n ** 63n });
  }
});

test("floats have a point", () => {
  assert.equal(stringify([float(2), float(2.5), float(-0), float(1e300)]), "[2.0,2.5,0.0,1e+300]");
});

test("base64 is UTF-8", () => {
  assert.deepEqual(parsePayload(toBase64('{"name":"Größe/名前 🦊"}')), { name: "Größe/名前 🦊" });
});

test("the type follows from the value and its range", () => {
  const type = (own, spec) => new Variable("v", own, spec).type;
  assert.equal(type(3, {}), "integer");
  assert.equal(type(3, { min: 0, max: 10 }), "integer");
  assert.equal(type(3, { step: 0.5 }), "float");
  assert.equal(type(2.5, {}), "float");
  assert.equal(type(3n, {}), "integer");
  assert.equal(type("a", { options: ["a", "b"] }), "enum");
  assert.equal(type("#fff", { type: "color" }), "color");
  assert.equal(type(true, {}), "boolean");
  assert.equal(type([1, 2], {}), "json");
});

test("integers are as wide as the game's own", () => {
  const narrow = new Variable("v", 3, {});
  assert.equal(narrow.apply(2n ** 60n).status, "applied");
  assert.equal(narrow.value, 2n ** 60n);
  narrow.apply(5);
  assert.equal(narrow.value, 5);
  const wide = new Variable("v", 3n, { min: 0n });
  wide.apply(5);
  assert.equal(wide.value, 5n);
  assert.deepEqual(wide.apply(-1), { status: "clamped", value: 0n, reason: "the smallest is 0" });
});

test("a check takes, rejects and clamps", () => {
  const verdicts = [
    [true, { status: "applied" }, 7],
    [undefined, { status: "applied" }, 7],
    [false, { status: "rejected", reason: undefined }, 1],
    ["not now", { status: "rejected", reason: "not now" }, 1],
    [6, { status: "clamped", value: 6, reason: undefined }, 6],
    [{ value: 6, reason: "even" }, { status: "clamped", value: 6, reason: "even" }, 6],
    [null, { status: "rejected", reason: "the game keeps it as integer" }, 1],
  ];
  for (const [verdict, outcome, value] of verdicts) {
    const variable = new Variable("v", 1, { check: () => verdict });
    assert.deepEqual(variable.apply(7), outcome);
    assert.equal(variable.value, value);
  }
  const broken = new Variable("v", 1, { check: () => JSON.parse("{") });
  assert.equal(broken.apply(7).status, "rejected");
});

test("what no server would take is not declared", () => {
  const spec = { min: NaN, max: Infinity, step: 0, options: [1, NaN, { value: 2, label: "two" }], unit: "m\0s", readonly: false };
  assert.equal(
    stringify(new Variable("v", 1, spec).report(false)),
    '{"name":"v","value":1,"type":"enum","options":[{"label":"1","value":1},{"value":2,"label":"two"}],"unit":"ms","default":1}',
  );
});

test("kept values outlive a start, and a full storage is counted", () => {
  const items = new Map();
  const storage = { getItem: (name) => items.get(name) ?? null, setItem: (name, text) => items.set(name, text) };
  const kept = new KeptValues(storage, "values");
  kept.set("id", 2n ** 60n);
  kept.set("__proto__", 1);
  kept.save(true);
  const again = new KeptValues(storage, "values");
  assert.deepEqual([again.get("id"), again.get("__proto__"), again.has("toString")], [2n ** 60n, 1, false]);
  again.forget("id");
  again.save(true);
  assert.equal(items.get("values"), '{"__proto__":1}');
  storage.setItem = () => {
    throw new Error("full");
  };
  again.set("a", 1);
  again.save(true);
  items.set("values", "{");
  assert.deepEqual([again.errors, new KeptValues(storage, "values").errors], [1, 1]);
});
