// Values and their types: what a variable is, and what it makes of a value that people want.

import { float, stringify } from "./json.js";

/** The longest value that a server takes, in characters of JSON. */
const MAX_VALUE_LENGTH = 65_536;
const MAX_TEXT_LENGTH = 1_024;
const MAX_OPTIONS = 500;

const isNumber = (value) => typeof value === "number" || typeof value === "bigint";
const isInteger = (value) => typeof value === "bigint" || Number.isInteger(value);

/** The type of a variable that has this value and these settings. */
export function typeOf(value, spec) {
  if (spec.type) {
    return spec.type;
  }
  if (spec.options) {
    return "enum";
  }
  switch (typeof value) {
    case "boolean":
      return "boolean";
    case "string":
      return "string";
    case "bigint":
      return "integer";
    case "number": {
      const numbers = [value, spec.min, spec.max, spec.step].filter((number) => number !== undefined);
      return numbers.every(isInteger) ? "integer" : "float";
    }
    default:
      return "json";
  }
}

/**
 * What people want, as the type has it; `undefined` if it is none of this type. Integers are as wide as the game's own value: BigInt
 * if that is one, or if they don't fit into a number.
 */
export function read(type, own, wanted) {
  switch (type) {
    case "boolean":
      return typeof wanted === "boolean" ? wanted : undefined;
    case "integer":
      if (!isNumber(wanted) || !isInteger(wanted)) {
        return undefined;
      }
      if (typeof own === "bigint") {
        return BigInt(wanted);
      }
      return Number.isSafeInteger(Number(wanted)) ? Number(wanted) : wanted;
    case "float":
      return isNumber(wanted) ? Number(wanted) : undefined;
    case "string":
    case "color":
      return typeof wanted === typeof own ? wanted : undefined;
    default:
      return wanted;
  }
}

/** The value as the game sends it. */
export function toWire(type, value) {
  return type === "float" && typeof value === "number" ? float(value) : value;
}

/** Whether a server takes the value: it would refuse all of a line. */
export function isSayable(value) {
  if (typeof value === "number") {
    return Number.isFinite(value);
  }
  if (typeof value !== "string" && typeof value !== "object") {
    return typeof value === "boolean" || typeof value === "bigint";
  }
  try {
    const text = stringify(value);
    return text.length <= MAX_VALUE_LENGTH && !text.includes("\\u0000");
  } catch {
    // a circle
    return false;
  }
}

/** The nearest value of the range, and why it is another one; `undefined` if it is within. */
export function clamp(wanted, { min, max }) {
  if (isNumber(min) && isNumber(wanted) && wanted < min) {
    return { value: min, reason: `the smallest is ${min}` };
  }
  if (isNumber(max) && isNumber(wanted) && wanted > max) {
    return { value: max, reason: `the largest is ${max}` };
  }
  return undefined;
}

const text = (value) => (value === undefined ? undefined : String(value).replaceAll("\0", "").slice(0, MAX_TEXT_LENGTH));

const option = (value) => (value !== null && typeof value === "object" && "value" in value ? value : { label: String(value), value });

/** What a server is told of a variable, beside its name and value. What none would take is left out. */
export function declaration(type, own, spec) {
  const number = (value) => (isNumber(value) && isSayable(value) ? toWire(type, value) : undefined);
  const isEdited = !spec.readonly && type !== "action";
  return {
    type,
    min: number(spec.min),
    max: number(spec.max),
    step: spec.step > 0 && Number.isFinite(Number(spec.step)) ? spec.step : undefined,
    options: spec.options?.map(option).filter(({ value }) => isSayable(value)).slice(0, MAX_OPTIONS),
    unit: text(spec.unit),
    group: text(spec.group),
    label: text(spec.label),
    help: text(spec.help),
    source: text(spec.source),
    order: Number.isSafeInteger(spec.order) ? spec.order : undefined,
    readonly: spec.readonly ? true : undefined,
    default: isEdited && isSayable(own) ? toWire(type, own) : undefined,
  };
}
