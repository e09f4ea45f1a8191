import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test as base } from './fixtures.ts';

/** The repository. */
export const ROOT = resolve(import.meta.dirname, '../..');
/** `cargo xtask test` names the library that it built. */
const LIBRARY = process.env.OBSERVERIO_LIBRARY ?? resolve(ROOT, 'target/sdk/libobserverio.so');

/** Where the packages of `cargo xtask test` are: games in Python. */
export const PYTHON = resolve(ROOT, 'target/venv/bin/python');

interface Fixtures {
  /**
   * Starts a program in `examples/FOLDER`, or in a folder by its whole path, which finds the SDK: the adapter of a game that somebody
   * else wrote. It ends with the story.
   */
  play: (folder: string, program: string, args: string[], env?: NodeJS.ProcessEnv) => void;
}

export const test = base.extend<Fixtures>({
  play: async ({ server }, use) => {
    if (!existsSync(LIBRARY)) throw new Error(`no ${LIBRARY}: build it with \`cargo build --profile sdk --package observerio-c\``);
    const games: ChildProcess[] = [];
    await use((folder, program, args, env = {}) => {
      const found = { OBSERVERIO_LIBRARY: LIBRARY, PYTHONPATH: resolve(ROOT, 'sdk/python/src'), LUA_PATH: `${resolve(ROOT, 'sdk/lua')}/?.lua;;` };
      const game = spawn(program, args, {
        cwd: resolve(ROOT, 'examples', folder),
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...found, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        // programs like xvfb-run have children, which must end with them
        detached: true,
      });
      for (const stream of [game.stdout, game.stderr]) stream?.on('data', (words: Buffer) => server.said.push(`game: ${words.toString()}`));
      games.push(game);
    });
    await Promise.all(games.map(end));
  },
});

async function end(game: ChildProcess): Promise<void> {
  if (game.pid === undefined || game.exitCode !== null) return;
  const ended = once(game, 'exit');
  process.kill(-game.pid, 'SIGTERM');
  await ended;
}
