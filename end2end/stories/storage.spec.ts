import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { expectAccessible } from '../support/axe.ts';
import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

/** The server gives a commit five seconds before it reports a failure. */
const PATIENCE_MS = 20_000;

test('while the database accepts nothing the page says so, and nothing is lost silently', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('speed', '2');
  await live.expectApplied('speed');

  const lock = await Lock.take(join(server.dataDir, 'observerio.db'));
  try {
    await live.setNumber('speed', '3');
    await expect(live.banner).toContainText('The database is not responding', { timeout: PATIENCE_MS });
    await expect(live.status('speed')).toContainText('try again in a moment', { timeout: PATIENCE_MS });
    await expect(live.number('speed')).toHaveValue('2');
    expect(game.values.get('speed')).toBe(2);
    await shot(page, 'storage-away');
    await expectAccessible(page);
  } finally {
    await lock.release();
  }
  await expect(live.banner).toBeHidden({ timeout: PATIENCE_MS });
  await live.setNumber('speed', '4');
  await game.untilValue('speed', 4);
  await live.expectApplied('speed');
  game.close();
});

/** Another program that holds a write transaction on the database file, which locks everybody else out. */
class Lock {
  private constructor(readonly program: ChildProcess) {}

  static async take(file: string): Promise<Lock> {
    const script = [
      'import sqlite3, sys',
      'c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)',
      'c.execute("begin immediate")',
      'print("held", flush=True)',
      'sys.stdin.read()',
    ].join('\n');
    const program = spawn('python3', ['-c', script, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(createInterface({ input: program.stdout }), 'line');
    return new Lock(program);
  }

  async release(): Promise<void> {
    const ended = once(this.program, 'exit');
    this.program.stdin?.end();
    await ended;
  }
}
