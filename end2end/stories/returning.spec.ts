import type { Page, WebSocketRoute } from '@playwright/test';
import { expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SPEED = { name: 'speed', type: 'integer', value: 1 };

test('text typed before hydration is kept', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(SPEED, { name: 'title', type: 'string', value: 'one' }, { name: 'hue', type: 'integer', value: 1, min: 0, max: 9 });
  const stored = async () => (await page.request.get(server.url + project.live)).text();
  await expect.poll(stored).toContain('hue');
  let release = () => undefined as void;
  const held = new Promise<void>(done => (release = done));
  await page.route('**/*.wasm', async route => {
    await held;
    await route.continue();
  });
  const live = new LivePage(page);
  await page.goto(server.url + project.live, { waitUntil: 'commit' });

  // typed and left: a draft, which waits for Enter
  await live.number('speed').fill('42');
  await live.slider('hue').fill('7');
  // still being typed
  await live.text('title').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('half a sen');
  release();
  await hydrated(page);
  await game.untilValue('hue', 7);
  await expect(live.number('speed')).toHaveValue('42');
  await expect(live.row('speed')).toContainText('Not sent');
  game.declare({ name: 'title', type: 'string', value: 'two' });
  await expect(live.text('title')).toBeFocused();
  await page.keyboard.type('tence');
  await expect(live.text('title')).toHaveValue('half a sentence');
  await page.keyboard.press('Enter');
  await game.untilValue('title', 'half a sentence');
  await live.row('speed').getByRole('button', { name: 'Send' }).click();
  await game.untilValue('speed', 42);
  game.close();
});

test('a page that slept does not overwrite newer values', async ({ page, server, project, another }) => {
  const game = await Game.connect(server, project.key);
  game.declare(SPEED);
  const held = await holdBack(page);
  await page.clock.install();
  const ana = new LivePage(page);
  await open(page, server, project.live);
  const ben = new LivePage(await another());
  await open(ben.page, server, project.live);

  // the lid closes: nothing arrives, and the clock jumps
  held.hold();
  await ben.setNumber('speed', '200');
  await game.untilValue('speed', 200);
  game.log({ message: 'while she slept' });
  await expect(ben.logLine('while she slept')).toBeVisible();
  await page.clock.fastForward('05:00');

  await expect(ana.number('speed'), 'the page still shows the old one').toHaveValue('1');
  await ana.setNumber('speed', '42');
  await expect(ana.status('speed')).toContainText('kept');
  held.release();
  await expect(ana.status('speed')).toContainText('set it to 200 first. Your 42 was not set.');
  await expect(ana.number('speed')).toHaveValue('200');
  await expect(ana.logLine('while she slept')).toBeVisible();
  await shot(page, 'overtaken');
  // to set it all the same, edit again
  await ana.setNumber('speed', '42');
  await game.untilValue('speed', 42);
  await expect(ben.number('speed')).toHaveValue('42');
  game.close();
});

/** Passes the page's WebSocket through, or holds back what the server sends until it is released. */
async function holdBack(page: Page): Promise<{ hold(): void; release(): void }> {
  let waiting: (string | Buffer)[] | undefined;
  let route: WebSocketRoute | undefined;
  await page.routeWebSocket(/\/live\?/, opened => {
    route = opened;
    opened.connectToServer().onMessage(message => {
      if (waiting) waiting.push(message);
      else opened.send(message);
    });
  });
  return {
    hold: () => (waiting = []),
    release: () => {
      for (const message of waiting ?? []) route?.send(message);
      waiting = undefined;
    },
  };
}
