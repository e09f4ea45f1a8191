import { randomBytes } from 'node:crypto';
import type { Variable } from './game.ts';
import { Line } from './line.ts';
import type { Server } from './server.ts';

/** What a game does with an edit. */
export type Verdict =
  | { status: 'applied' }
  | { status: 'clamped'; value: unknown; reason?: string }
  | { status: 'rejected'; reason?: string };

/** What a game says about itself. */
export interface Self {
  device: string;
  name?: string;
  app?: string;
  platform?: string;
  sdk?: string;
}

interface Edit {
  name: string;
  value: unknown;
}

/** The content of one `v:`. */
interface Push {
  rev: number;
  edits: Edit[];
  removed: string[];
}

/** Numbers from which the device's next connection continues. */
interface Held {
  rev: number;
  epoch: string;
}

/** A game of version 2: it acknowledges, and says what it did with each value. */
export class AckingGame {
  /** The game's current values. */
  readonly values = new Map<string, unknown>();
  /** Decides what to do with a value. */
  judge: (name: string, value: unknown) => Verdict = () => ({ status: 'applied' });
  /** The result of an action; a thrown error's message says why it failed. */
  act: (name: string, args: unknown) => unknown = () => null;
  /** While it is busy it acknowledges nothing. */
  busy = false;

  #held: Held = { rev: 0, epoch: '' };
  #seq = 0;
  #acked = 0;
  #unsaid: Push[] = [];
  /** The values that the game's own code has set. */
  #own = new Map<string, unknown>();

  private constructor(
    readonly key: string,
    readonly self: Self,
    readonly line: Line,
  ) {
    line.onLine = heard => this.#hear(heard);
  }

  /** Connects, and continues where an earlier connection of the device ended. */
  static async connect(server: Server, key: string, self: Self, before?: AckingGame): Promise<AckingGame> {
    const game = new AckingGame(key, self, await Line.connect(server));
    if (before) {
      game.#held = before.#held;
      game.judge = before.judge;
      for (const [name, value] of before.values) game.values.set(name, value);
      game.#own = before.#own;
    }
    const { rev, epoch } = game.#held;
    const held = epoch ? { rev, epoch } : {};
    const session = randomBytes(16).toString('hex');
    game.line.say(`h:${JSON.stringify({ proto: 2, session, ...self, ...held })}`);
    game.line.say(`v:${key}`);
    await game.line.until(() => game.line.lines.includes('OK'), () => 'OK');
    return game;
  }

  /** Declares variables. */
  declare(...variables: Variable[]): void {
    for (const { name, value } of variables) {
      this.values.set(name, value);
      if (!this.#own.has(name)) this.#own.set(name, value);
    }
    this.#send('i', variables);
  }

  /** Its own code changes a variable. */
  change(name: string, value: unknown): void {
    this.values.set(name, value);
    this.#send('i', [{ name, value }]);
  }

  /** Writes log lines. */
  log(...entries: { message: string; [more: string]: unknown }[]): void {
    this.#send('l', entries);
  }

  /** Waits until everything sent is on the server's disk. */
  async untilStored(): Promise<void> {
    await this.line.until(() => this.#acked >= this.#seq, () => `a: up to ${this.#seq}, it is at ${this.#acked}`);
  }

  /** Waits until it was sent a value, applied or not. */
  async untilSent(name: string, value: unknown): Promise<void> {
    const sent = () => this.#unsaid.some(({ edits }) => edits.some(edit => edit.name === name && edit.value === value));
    await this.line.until(() => sent() || this.values.get(name) === value, () => `${name} = ${String(value)}`);
  }

  /** Acknowledges everything that came while it was busy. */
  free(): void {
    this.busy = false;
    for (const push of this.#unsaid.splice(0)) this.#apply(push);
  }

  close(): void {
    this.line.close();
  }

  #send(verb: 'i' | 'l', items: unknown[]): void {
    this.#seq += 1;
    this.line.say(`${verb}:${this.key}:${this.#seq}:${JSON.stringify(items)}`);
  }

  #hear(line: string): void {
    const [verb, , number = '', payload = ''] = line.split(':');
    const read = <T>() => JSON.parse(Buffer.from(payload, 'base64').toString()) as T;
    if (verb === 'a') this.#acked = Number(number);
    if (verb === 'p') this.line.say(`q:${line.slice(2)}`);
    if (verb === 'x') this.#run(number, read<{ name: string; args: unknown }>());
    if (verb === 'v') {
      const { epoch, vars: edits, removed } = read<{ epoch: string; vars: Edit[]; removed: string[] }>();
      this.#held.epoch = epoch;
      const push = { rev: Number(number), edits, removed };
      if (this.busy) this.#unsaid.push(push);
      else this.#apply(push);
    }
  }

  #apply({ rev, edits, removed }: Push): void {
    const said = edits.map(({ name, value }) => {
      const verdict = this.judge(name, value);
      if (verdict.status === 'applied') this.values.set(name, value);
      if (verdict.status === 'clamped') this.values.set(name, verdict.value);
      return { name, ...verdict };
    });
    this.#held = { ...this.#held, rev };
    this.line.say(`r:${this.key}:${rev}:${JSON.stringify(said)}`);
    for (const name of removed) this.change(name, this.#own.get(name));
  }

  #run(id: string, { name, args }: { name: string; args: unknown }): void {
    let answer: object;
    try {
      answer = { result: this.act(name, args) };
    } catch (fault) {
      answer = { error: fault instanceof Error ? fault.message : String(fault) };
    }
    this.line.say(`r:${this.key}:${id}:${JSON.stringify(answer)}`);
  }
}
