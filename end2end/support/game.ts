import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Server } from './server.ts';

/** A variable as the original protocol declares it, with what may be said besides. */
export interface Variable {
  name: string;
  type: string;
  value: unknown;
  [more: string]: unknown;
}

const WAIT_MS = 10_000;

/** A game that speaks the original protocol over a plain socket. */
export class Game {
  /** What each variable is in the game now. */
  readonly values = new Map<string, unknown>();
  /** Every line the server sent. */
  readonly lines: string[] = [];
  /** Called when an edit arrives, with its JSON text; used by measurements. */
  onEdit: ((json: string) => void) | undefined;
  /** Whether the game reports new values, which is what confirms an edit. */
  obeys = true;

  #edits: string[] = [];
  #types = new Map<string, string>();
  #wake = new Set<() => void>();

  private constructor(
    readonly key: string,
    readonly socket: Socket,
  ) {}

  /** Connects, verifies and waits for `OK`. */
  static async connect(server: Server, key: string): Promise<Game> {
    const socket = connect(server.gamePort, server.gameHost);
    socket.setNoDelay(true);
    await once(socket, 'connect');
    const game = new Game(key, socket);
    // a server that goes away is part of some stories
    socket.on('error', () => undefined);
    createInterface({ input: socket, crlfDelay: Infinity }).on('line', line => game.#hear(line));
    socket.write(`v:${key}\n`);
    await game.until(() => game.lines.includes('OK'), 'OK');
    return game;
  }

  /** Says which variables there are. Every type of value the JSON can hold, exact integers as BigInt. */
  declare(...variables: Variable[]): void {
    for (const { name, type, value } of variables) {
      this.values.set(name, value);
      this.#types.set(name, type);
    }
    this.send('i', exactJson(variables));
  }

  /** Writes log lines. */
  log(...entries: { message: string; [more: string]: unknown }[]): void {
    this.send('l', exactJson(entries));
  }

  /** Sends one line; the payload travels as base64, as original clients do it. */
  send(verb: 'i' | 'l', json: string): void {
    this.socket.write(`${verb}:${this.key}:${Buffer.from(json).toString('base64')}\n`);
  }

  /** The JSON text of the next edit that nobody asked for yet. */
  async nextEdit(): Promise<string> {
    await this.until(() => this.#edits.length > 0, 'an edit');
    return this.#edits.shift() ?? '';
  }

  /** Waits until a variable has this value in the game. */
  async untilValue(name: string, wanted: unknown): Promise<void> {
    await this.until(() => this.values.get(name) === wanted, `${name} = ${String(wanted)}`);
  }

  /** Waits for a condition that is looked at again at every line of the server. */
  async until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return;
    await new Promise<void>((done, failed) => {
      const look = () => {
        if (!holds()) return;
        clearTimeout(late);
        this.#wake.delete(look);
        done();
      };
      const late = setTimeout(() => {
        this.#wake.delete(look);
        failed(new Error(`the game waited for ${what}; it holds ${exactJson(Object.fromEntries(this.values))}`));
      }, WAIT_MS);
      this.#wake.add(look);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  #hear(line: string): void {
    this.lines.push(line);
    const edit = /^v:[^:]+:(.+)$/.exec(line)?.[1];
    if (edit) this.#obey(Buffer.from(edit, 'base64').toString());
    for (const look of [...this.#wake]) look();
  }

  #obey(json: string): void {
    this.#edits.push(json);
    this.onEdit?.(json);
    const parsed = JSON.parse(json) as Variable | Variable[];
    const edited = Array.isArray(parsed) ? parsed : [parsed];
    for (const { name, value } of edited) this.values.set(name, value);
    if (!this.obeys) return;
    // JSON.parse rounds big integers, so the text goes back as it came
    this.send('i', Array.isArray(parsed) ? json : `[${json}]`);
  }
}

/** JSON with BigInt written as the number it is. */
export function exactJson(value: unknown): string {
  const marked = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `\u0001${inner}\u0001` : inner));
  return marked.replace(/"\\u0001(-?\d+)\\u0001"/g, '$1');
}
