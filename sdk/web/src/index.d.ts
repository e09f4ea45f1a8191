/** JSON; a whole number beyond ±(2^53 − 1) is a BigInt. */
export type Json = null | boolean | number | bigint | string | Json[] | { [name: string]: Json };

/** What a variable may hold. An object is sent again when it is another object, not when something in it changes. */
export type Value = boolean | number | bigint | string | Json[] | { [name: string]: Json };

/** The type of variables that begin with this value: `1` is a number, and so is any other number. */
export type Wide<T> = T extends boolean ? boolean : T extends bigint ? bigint : T extends number ? number : T extends string ? string : T;

export type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** What a game does with a value that people want. */
export type Verdict<T> =
  /** It is taken. */
  | true
  | undefined
  /** It is rejected. */
  | false
  /** It is rejected for this reason. */
  | string
  /** This one is taken instead, for a reason that people read. */
  | { value: T; reason?: string }
  /** This one is taken instead, unless it is a text. */
  | T;

export interface Spec<T> {
  /** Values outside are clamped, and people are told. */
  min?: number | bigint;
  max?: number | bigint;
  /** The step of arrow keys and sliders; above 0. */
  step?: number;
  /** It is one of these. */
  options?: (T | { value: T; label: string })[];
  /** Such as `"m/s"`. */
  unit?: string;
  /** Path of headings, such as `"enemy/boss"`. */
  group?: string;
  /** What people read in place of the name. */
  label?: string;
  /** A sentence for the tooltip. */
  help?: string;
  /** Position within its group, the smallest first. */
  order?: number;
  /** Where it is declared, such as `"src/boss.js:41"`. */
  source?: string;
  /** A measurement: shown, never edited. */
  readonly?: boolean;
  /**
   * The type for people, such as `"color"`. Default: what the value is. A whole number is an `"integer"` if `min`, `max` and `step` are
   * whole, too; write `"float"` if it is not.
   */
  type?: "boolean" | "integer" | "float" | "string" | "enum" | "color" | "json";
  /** Asked in `frame()` before a value is taken. What it throws is the reason for rejecting it. */
  check?(value: T): Verdict<T>;
}

export interface Variable<T> {
  readonly name: string;
  /** The value in force. What the game sets is its own value from then on, in force until people want another one. */
  value: T;
  /** Called in `frame()` with the value in force, after all values of an edit have changed. */
  onchange: ((value: T) => void) | null;
}

export interface Stats {
  /** Connected and verified. */
  isConnected: boolean;
  /** The server speaks the original grammar only: nothing is acknowledged. */
  isOriginal: boolean;
  /** Log entries that a server has acknowledged. */
  stored: number;
  /** Log entries that were dropped for lack of room. */
  dropped: number;
  droppedByLevel: Record<Level, number>;
  /** Lines, or entries of them, that the server refused for good. */
  refused: number;
  /** Characters that wait to be stored. */
  waiting: number;
  /** The newest revision that the game has applied. */
  revision: number | null;
  /** What the server last refused, as `code text`. */
  lastError: string | null;
  /** Why the last connection ended, or could not be made. */
  lastFailure: string | null;
  /** How often the browser's storage could not be read or written. */
  storageErrors: number;
}

export interface ActionSpec {
  label?: string;
  help?: string;
  group?: string;
  order?: number;
}

export interface Game {
  /** `"offline"` until the next attempt to connect. */
  readonly state: "connecting" | "online" | "offline";
  readonly stats: Stats;
  /** Declares a variable. Whoever declares a name again gets the same variable. */
  variable<T extends Value>(name: string, own: T, spec?: Spec<Wide<T>>): Variable<Wide<T>>;
  /** The newest value of something that the game measures. As often as you like; the newest is sent at a steady pace. */
  measure(name: string, value: number | bigint | string | boolean, spec?: Pick<Spec<number>, "unit" | "group" | "label" | "help" | "order" | "min" | "max">): void;
  /** Logs, or drops what matters less and counts it. Fields are JSON. */
  log(level: Level, message: string, fields?: Record<string, unknown>): void;
  /** A button: `frame()` runs it when somebody presses it. What it returns, or its promise, is the result; what it throws, the error. */
  action(name: string, spec: ActionSpec, run: (args: Json) => unknown): void;
  action(name: string, run: (args: Json) => unknown): void;
  /** A moment that a tester wants to point at: a word of up to 32 bytes, and perhaps a sentence. */
  mark(word: string, message?: string): void;
  /**
   * The boundary of a frame: applies what people have set, all of it together, and runs their actions. Never throws.
   * @returns The names of the variables that changed.
   */
  frame(): string[];
  /** Waits until everything that was logged is stored, at most for so many milliseconds. Resolves to whether it is. */
  flush(within?: number): Promise<boolean>;
  /** Sends what there is to say and disconnects. The variables keep their values. */
  close(): void;
}

export interface Options {
  /** The project's game key. */
  key: string;
  /** Default: `/game` of the page's own address. */
  url?: string;
  /** What stays the same for one installation of the game, at most 128 bytes: by it people know a device again. */
  device?: string;
  /** What people read in place of the device, such as `"Ana's phone"`. */
  name?: string;
  /** The game's own version. */
  app?: string;
  /** Default: what the browser says. */
  platform?: string;
  /** Anything else about the device: at most 2,048 bytes of JSON. */
  attributes?: Record<string, unknown>;
  /**
   * Keeps the values that people set in `localStorage`, or in another storage: a start without a server begins with them. Then a `device`
   * that is not named is made up and kept, too. Default: false.
   */
  keep?: boolean | Pick<Storage, "getItem" | "setItem">;
  /** How much log may wait to be stored, in characters. Default: 1,048,576. */
  outboxLength?: number;
  /** Values that change are sent at most so often, in milliseconds. Default: 100. */
  reportEvery?: number;
  /** Measurements that change are sent at most so often, in milliseconds. Default: 100. */
  measureEvery?: number;
  /** Where there is none, such as Node before version 22: one like the browser's. */
  WebSocket?: new (url: string) => unknown;
}

/**
 * Connects a game to its designers, and connects again whenever it must, until it is closed. Returns at once; the game goes on with its
 * own values until there is a server.
 * @throws {TypeError} The key is none, there is no URL, or the attributes are too long.
 */
export function connect(options: Options): Game;
