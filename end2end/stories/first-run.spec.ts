import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, hydrated, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { openLink } from '../support/team.ts';

test('from the first start to the first edit that a game obeys', async ({ page, server }) => {
  await openLink(page, server.setUpLink ?? '');
  await hydrated(page);
  expect(page.url(), 'the secret is gone from the address').toBe(`${server.url}/setup`);
  await shot(page, 'set-up');
  await page.getByRole('button', { name: 'Create owner account and sign in' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'Projects' })).toBeVisible();
  await hydrated(page);
  await shot(page, 'projects-none');
  await page.getByLabel('Name').fill('My first game');
  await page.getByRole('button', { name: 'Create project' }).click();

  await expect(page.getByText('Waiting for the first line')).toBeVisible();
  await hydrated(page);
  await shot(page, 'quick-start');
  const live = new LivePage(page);
  const line = await live.netcatLine();
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));

  const netcat = new Terminal(line);
  try {
    await expect(live.row('speed')).toBeVisible();
    await expect(live.logLine('hello')).toBeVisible();
    await expect(page.getByText('Waiting for the first line')).toBeHidden();

    await live.setNumber('speed', '7');
    expect(await netcat.nextEdit()).toEqual({ name: 'speed', type: 'integer', value: 7 });
    await live.toggle('god_mode').click();
    expect(await netcat.nextEdit()).toEqual({ name: 'god_mode', type: 'boolean', value: true });
    expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true);
    await shot(page, 'first-edit');
  } finally {
    netcat.end();
  }

  const again = new Terminal(line);
  try {
    const both = (await again.nextEdit()) as { name: string }[];
    expect(both.toSorted((a, b) => a.name.localeCompare(b.name)), 'a game that connects later gets everything at once').toEqual([
      { name: 'god_mode', type: 'boolean', value: true },
      { name: 'speed', type: 'integer', value: 7 },
    ]);
  } finally {
    again.end();
  }
});

test('the set-up link works once', async ({ page, server, owner }) => {
  void owner; // made with the link
  await page.context().clearCookies();
  await openLink(page, server.setUpLink ?? '');
  await expect(page.getByRole('heading', { name: 'This set-up link no longer works' })).toBeVisible();
  await hydrated(page);
  await shot(page, 'set-up-spent');
});

/** A shell into which a line was pasted. */
class Terminal {
  readonly #shell: ChildProcess;
  readonly #edits: AsyncIterator<string>;

  constructor(line: string) {
    // a process group: the pipe's programs end together
    this.#shell = spawn('bash', ['-c', line], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    const out = this.#shell.stdout;
    if (!out) throw new Error('stdout is piped just above');
    this.#edits = createInterface({ input: out })[Symbol.asyncIterator]();
  }

  /** The JSON of the next line that is an edit. */
  async nextEdit(): Promise<unknown> {
    for (;;) {
      const { value, done } = await this.#edits.next();
      if (done) throw new Error('netcat ended');
      const payload = /^v:[^:]+:(.+)$/.exec(String(value))?.[1];
      if (payload) return JSON.parse(Buffer.from(payload, 'base64').toString());
    }
  }

  end(): void {
    if (this.#shell.pid) process.kill(-this.#shell.pid, 'SIGTERM');
  }
}
