import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Server } from './server.ts';

const WAIT_MS = 10_000;

/** A plain socket to the game port: lines out, lines in, and a way to wait for them. */
export class Line {
  /** Every line the server sent. */
  readonly lines: string[] = [];
  /** Called with each line, before conditions are checked. */
  onLine: ((line: string) => void) | undefined;

  /** Resolves when either side has closed the connection. */
  readonly closed: Promise<unknown>;

  readonly #socket: Socket;
  readonly #looks = new Set<() => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = once(socket, 'close');
    // some stories stop the server
    socket.on('error', () => undefined);
    createInterface({ input: socket, crlfDelay: Infinity }).on('line', line => {
      this.lines.push(line);
      this.onLine?.(line);
      for (const look of [...this.#looks]) look();
    });
  }

  static async connect(server: Server): Promise<Line> {
    const socket = connect(server.gamePort, server.gameHost);
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return new Line(socket);
  }

  say(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  /** Waits for a condition, which is checked at every line from the server. */
  async until(holds: () => boolean, what: () => string): Promise<void> {
    if (holds()) return;
    await new Promise<void>((done, failed) => {
      const look = () => {
        if (!holds()) return;
        clearTimeout(late);
        this.#looks.delete(look);
        done();
      };
      const late = setTimeout(() => {
        this.#looks.delete(look);
        failed(new Error(`the game waited for ${what()}; it heard ${this.lines.slice(-5).join(' | ')}`));
      }, WAIT_MS);
      this.#looks.add(look);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** JSON with BigInt written as the number it is. */
export function exactJson(value: unknown): string {
  const marked = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `\u0001${inner}\u0001` : inner));
  return marked.replace(/"\\u0001(-?\d+)\\u0001"/g, '$1');
}
