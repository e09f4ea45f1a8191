import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Secrets, tokenOf } from './secrets.ts';

/** `OBSERVERIO_PROGRAM` names another build: `cargo xtask test` plays with the one that its other tests ran. */
const PROGRAM = process.env.OBSERVERIO_PROGRAM ?? resolve(import.meta.dirname, '../../target/release/observerio');
const START_LIMIT_MS = 20_000;

/** The program on ports of its own, with a data directory of its own. */
export class Server {
  /** `http://127.0.0.1:PORT` */
  url = '';
  /** `127.0.0.1:PORT`, where games connect */
  games = '';
  /** The one-time link, printed while the instance has no owner */
  setUpLink: string | undefined;
  /** Everything the program printed, for when a test fails */
  readonly said: string[] = [];
  /** Its log, at the most verbose level */
  readonly log: string[] = [];
  /** What must not be in the log */
  readonly secrets = new Secrets();

  #process: ChildProcess | undefined;

  private constructor(readonly dataDir: string) {}

  static async boot(): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), 'observerio-e2e-')));
    await server.#start('127.0.0.1:0', '127.0.0.1:0');
    return server;
  }

  get gameHost(): string {
    return this.games.slice(0, this.games.lastIndexOf(':'));
  }

  get gamePort(): number {
    return Number(this.games.slice(this.games.lastIndexOf(':') + 1));
  }

  /** Resident memory in KiB. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts again on the same ports and data. */
  async start(): Promise<void> {
    await this.#start(new URL(this.url).host, this.games);
  }

  /** Stops it gracefully and waits. */
  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    const late = setTimeout(() => running.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(late);
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async #start(http: string, tcp: string): Promise<void> {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('OBSERVERIO_') && name !== 'DATABASE_URL'),
    );
    // a measurement is quieter
    env.OBSERVERIO_LOG = process.env.OBSERVERIO_STORY_LOG ?? 'trace';
    const args = ['serve', '--http', http, '--tcp', tcp, '--data-dir', this.dataDir];
    const child = spawn(PROGRAM, args, { env, cwd: this.dataDir, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.setUpLink = undefined;
    const hasOwner = this.url !== '';
    await new Promise<void>((ready, failed) => {
      const late = setTimeout(() => failed(new Error(`no banner:\n${this.said.join('\n')}`)), START_LIMIT_MS);
      child.once('error', failed);
      child.once('exit', code => failed(new Error(`exit code ${code}:\n${this.said.join('\n')}`)));
      createInterface({ input: child.stderr }).on('line', line => {
        this.said.push(line);
        this.log.push(line);
      });
      createInterface({ input: child.stdout }).on('line', line => {
        this.said.push(line);
        this.#hear(line);
        if (this.url && this.games && (this.setUpLink || (hasOwner && line.includes('Data')))) {
          clearTimeout(late);
          ready();
        }
      });
    });
  }

  #hear(line: string): void {
    const banner = /^\s+(Dashboard|Games|Set up)\s+(\S+)/.exec(line);
    if (!banner) return;
    const [, what, where = ''] = banner;
    if (what === 'Dashboard') this.url = new URL(where).origin;
    if (what === 'Games') this.games = where;
    if (what !== 'Set up') return;
    this.setUpLink = where;
    this.secrets.note(tokenOf(where));
  }
}
