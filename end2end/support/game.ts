import { exactJson, Line } from './line.ts';
import type { Server } from './server.ts';

export { exactJson };

/** A variable as the original protocol declares it, with optional fields. */
export interface Variable {
  name: string;
  type: string;
  value: unknown;
  [more: string]: unknown;
}

/** A game that speaks the original protocol over a plain socket. */
export class Game {
  /** The game's current values. */
  readonly values = new Map<string, unknown>();
  /** Called when an edit arrives, with its JSON text; used by measurements. */
  onEdit: ((json: string) => void) | undefined;
  /** Whether the game reports new values, which shows that it applied an edit. */
  obeys = true;

  #edits: string[] = [];

  private constructor(
    readonly key: string,
    readonly line: Line,
  ) {
    line.onLine = heard => this.#hear(heard);
  }

  /** Connects, verifies and waits for `OK`. */
  static async connect(server: Server, key: string): Promise<Game> {
    const game = new Game(key, await Line.connect(server));
    game.line.say(`v:${key}`);
    await game.line.until(() => game.line.lines.includes('OK'), () => 'OK');
    return game;
  }

  /** Declares variables, with values of every JSON type; exact integers are BigInt. */
  declare(...variables: Variable[]): void {
    for (const { name, value } of variables) this.values.set(name, value);
    this.send('i', exactJson(variables));
  }

  /** Writes log lines. */
  log(...entries: { message: string; [more: string]: unknown }[]): void {
    this.send('l', exactJson(entries));
  }

  /** Sends one line, with a base64 payload like the original clients. */
  send(verb: 'i' | 'l', json: string): void {
    this.line.say(`${verb}:${this.key}:${Buffer.from(json).toString('base64')}`);
  }

  /** The JSON text of the next edit, in order of arrival. */
  async nextEdit(): Promise<string> {
    await this.line.until(() => this.#edits.length > 0, () => 'an edit');
    return this.#edits.shift() ?? '';
  }

  /** Waits until a variable has this value in the game. */
  async untilValue(name: string, wanted: unknown): Promise<void> {
    const held = () => exactJson(Object.fromEntries(this.values));
    await this.line.until(() => this.values.get(name) === wanted, () => `${name} = ${String(wanted)} and holds ${held()}`);
  }

  close(): void {
    this.line.close();
  }

  #hear(line: string): void {
    const edit = /^v:[^:]+:(.+)$/.exec(line)?.[1];
    if (edit) this.#obey(Buffer.from(edit, 'base64').toString());
  }

  #obey(json: string): void {
    this.#edits.push(json);
    this.onEdit?.(json);
    const parsed = JSON.parse(json) as Variable | Variable[];
    const edited = Array.isArray(parsed) ? parsed : [parsed];
    for (const { name, value } of edited) this.values.set(name, value);
    if (!this.obeys) return;
    // JSON.parse rounds big integers, so the original text is sent back
    this.send('i', Array.isArray(parsed) ? json : `[${json}]`);
  }
}
