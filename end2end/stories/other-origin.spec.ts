import { shared } from '../playwright.config.ts';
import { Elsewhere } from '../support/elsewhere.ts';
import { AckingGame, expect, Game, open, test } from '../support/fixtures.ts';
import { Line } from '../support/line.ts';
import { LivePage } from '../support/live-page.ts';

const REBOUND = 'rebound.test';

// a foreign name that resolves to this machine, as in DNS rebinding
test.use({
  launchOptions: {
    ...shared.use?.launchOptions,
    args: [...(shared.use?.launchOptions?.args ?? []), `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`],
  },
});

// browsers complain about everything that these pages try, as they should
test.beforeEach(({ complaints }) => complaints.allow(/./));

test('a page on another port of this machine can do nothing', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1, min: 0, max: 9 });
  const elsewhere = await Elsewhere.open();
  await page.goto(elsewhere.url);
  expect(elsewhere.cookies[0], 'cookies ignore ports: the session is sent').toContain('observerio_session=');

  await test.step('it opens no socket, here or at the game port', async () => {
    for (const url of [`${server.url.replace('http', 'ws')}/live?v=1`, `ws://${server.games}/`]) {
      const outcome = await page.evaluate(
        url =>
          new Promise(done => {
            const socket = new WebSocket(url);
            socket.onopen = () => done('open');
            socket.onerror = () => done('refused');
          }),
        url,
      );
      expect(outcome, url).toBe('refused');
    }
  });

  await test.step('it posts nothing, and reads nothing', async () => {
    for (const path of ['/projects', '/sign-out', '/users', '/users/tokens']) {
      for (const kind of ['text/plain', 'application/x-www-form-urlencoded', 'application/json', '']) {
        for (const mode of ['no-cors', 'cors'] as const) {
          const answer = await page.evaluate(send, { url: server.url + path, kind, mode, body: 'name=forged' });
          // without CORS it learns only that there was an answer; with it, that it was refused
          expect(['refused', 'opaque 0 '], `${path} ${kind} ${mode}`).toContain(answer);
        }
      }
    }
    for (const path of ['/', project.live, '/metrics', '/users/tokens', '/alive', '/favicon.svg']) {
      expect(await page.evaluate(read, server.url + path), path).toBe('refused');
    }
  });

  await test.step('it embeds nothing', async () => {
    expect(await page.evaluate(image, `${server.url}/favicon.svg`)).toBe('refused');
    const frame = page.waitForResponse(`${server.url}/`);
    await page.evaluate(url => {
      const frame = document.createElement('iframe');
      frame.src = url;
      document.body.append(frame);
    }, `${server.url}/`);
    expect((await frame).headers()['x-frame-options']).toBe('DENY');
    await expect(page.frameLocator('iframe').getByText('Test game')).toHaveCount(0);
  });

  await test.step('its lines do not reach the game port', async () => {
    const lines = `v:${project.key}\ni:${project.key}:{"forged":1}\nl:${project.key}:[{"message":"forged"}]\n`;
    const url = `http://${server.games}/`;
    for (const mode of ['no-cors', 'cors'] as const) {
      const answer = await page.evaluate(send, { url, kind: 'text/plain', mode, body: lines });
      expect(answer, mode).toBe('refused');
    }
    expect(await page.evaluate(url => navigator.sendBeacon(url, 'v:'), url), 'it was sent').toBe(true);
  });

  await test.step('its forms are refused visibly', async () => {
    for (const [kind, path] of [
      ['application/x-www-form-urlencoded', '/projects'],
      ['text/plain', '/projects'],
      ['multipart/form-data', '/projects'],
      ['application/x-www-form-urlencoded', '/sign-out'],
    ] as const) {
      await page.goto(elsewhere.url);
      const answer = page.waitForResponse(server.url + path);
      await page.evaluate(submit, { url: server.url + path, kind });
      expect((await answer).status(), `${path} ${kind}`).toBe(403);
      await page.waitForURL(server.url + path);
    }
  });

  await test.step('none of it arrived', async () => {
    game.log({ message: 'the good line' });
    const live = new LivePage(page);
    await open(page, server, project.live);
    await expect(live.logLine('the good line')).toBeVisible();
    await expect(live.row('speed')).toBeVisible();
    await expect(page.getByText('forged')).toHaveCount(0);
    await live.setNumber('speed', '7');
    await game.untilValue('speed', 7);
    await open(page, server, '/');
    await expect(page.getByRole('link', { name: 'Test game' })).toHaveCount(1);
    await expect(page.getByText('forged')).toHaveCount(0);
  });
  game.close();
  await elsewhere.close();
});

test.describe('DNS rebinding', () => {
  test.use({ bypassCSP: true });

  test('a foreign name that resolves here gets no answer', async ({ page, server, project }) => {
    const game = await AckingGame.connect(server, project.key, { device: 'pixel-7' });
    const rebound = new URL(server.url);
    rebound.hostname = REBOUND;
    const answer = await page.goto(rebound.href);
    expect(answer?.status()).toBe(421);
    // its page was loaded before the name resolved here: to the browser it has our origin, but not our policy
    for (const path of ['/users/tokens', '/alive', project.live]) {
      expect(await page.evaluate(read, new URL(path, rebound).href), path).toMatch(/^421 /);
    }
    for (const path of ['/users/tokens', '/projects', '/setup']) {
      const url = new URL(path, rebound).href;
      const attempt: Attempt = { url, kind: 'application/json', mode: 'cors', body: '{"token":"0123456789ab"}' };
      const said = await page.evaluate(send, attempt);
      expect(said, path).toMatch(/^basic 421 /);
    }
    const socket = await page.evaluate(
      url =>
        new Promise(done => {
          const socket = new WebSocket(url);
          socket.onopen = () => done('open');
          socket.onerror = () => done('refused');
        }),
      `ws://${rebound.host}/live?v=1`,
    );
    expect(socket).toBe('refused');
    const line = await Line.connect(server);
    line.say('v:0123456789ab');
    await line.until(() => line.lines.some(said => said.startsWith('ERR bad_key')), () => 'no such key was made');
    line.close();
    game.close();
  });
});

interface Attempt {
  url: string;
  kind: string;
  mode: 'cors' | 'no-cors';
  body: string;
}

async function send({ url, kind, mode, body }: Attempt): Promise<string> {
  try {
    const headers: Record<string, string> = kind ? { 'content-type': kind } : {};
    const answer = await fetch(url, { method: 'POST', mode, credentials: 'include', headers, body });
    return `${answer.type} ${answer.status} ${await answer.text()}`;
  } catch {
    return 'refused';
  }
}

async function read(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { credentials: 'include' });
    return `${answer.status} ${await answer.text()}`;
  } catch {
    return 'refused';
  }
}

function image(url: string): Promise<string> {
  return new Promise(done => {
    const image = new Image();
    image.onload = () => done('shown');
    image.onerror = () => done('refused');
    image.src = url;
  });
}

function submit({ url, kind }: { url: string; kind: string }): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = url;
  form.enctype = kind;
  const field = document.createElement('input');
  field.name = 'name';
  field.value = 'forged';
  form.append(field);
  document.body.append(form);
  form.submit();
}
