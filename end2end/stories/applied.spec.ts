import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/axe.ts';
import { AckingGame, expect, Game, open, type Project, type Server, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SPEED = { name: 'speed', type: 'integer', value: 1, min: 0, max: 100 };
/** A round trip, as a row shows it. */
const TIME = /(<?\d+(\.\d)? m?s)$/;

test('the chip counts what games applied, and opens to explain', async ({ page, server, project }) => {
  const [pixel, deck, tester] = await Promise.all([
    connect(server, project, 'pixel-7', { app: '1.4.2', platform: 'android 15', sdk: 'rust/0.1.0' }),
    connect(server, project, 'steamdeck'),
    connect(server, project, 'qa-win-3'),
  ]);
  deck.judge = () => ({ status: 'clamped', value: 40, reason: 'the <b>engine</b> is weak' });
  tester.judge = () => ({ status: 'rejected', reason: 'in a cutscene' });
  for (const game of [pixel, deck, tester]) game.busy = true;
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.devices).toContainText('1.4.2 · android 15 · rust/0.1.0');

  await test.step('it counts up', async () => {
    await live.setNumber('speed', '80');
    await Promise.all([pixel, deck, tester].map(game => game.untilSent('speed', 80)));
    await expect(live.status('speed')).toContainText('sent to 3 games');
    pixel.free();
    await expect(live.status('speed')).toContainText('1/3 applied');
    deck.free();
    await expect(live.status('speed')).toContainText('1 applied · 1 clamped · 1 pending');
  });

  await test.step('the keyboard opens it, and a row waits for the last game', async () => {
    await live.status('speed').focus();
    await page.keyboard.press('Enter');
    await expect(live.status('speed')).toHaveAttribute('aria-expanded', 'true');
    await expect(live.delivery('speed', 'qa-win-3')).toContainText('pending');
    tester.free();
    await expect(live.status('speed')).toContainText('1 applied · 1 rejected · 1 clamped');
  });

  await test.step('all three outcomes can be read, on a phone too', async () => {
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      const cut = await live.status('speed').locator('.chip-text').evaluate(text => text.scrollWidth > text.clientWidth);
      expect(cut, `at ${width} px`).toBe(false);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await test.step('the rows say what happened, in the game\'s own words', async () => {
    const row = (device: string) => live.delivery('speed', device);
    await expect(row('qa-win-3')).toContainText('rejected, reports 1');
    await expect(row('qa-win-3')).toContainText('in a cutscene');
    await expect(row('steamdeck')).toContainText('clamped to 40');
    await expect(row('steamdeck')).toContainText('the <b>engine</b> is weak');
    await expect(row('pixel-7')).toContainText('applied');
    for (const device of ['pixel-7', 'steamdeck', 'qa-win-3']) {
      await expect(row(device).locator('.delivery-time')).toHaveText(TIME);
    }
    // sorted after a pause
    await expect(live.deliveries('speed').locator('.delivery-device')).toHaveText(['qa-win-3', 'steamdeck', 'pixel-7']);
    await shot(page, 'applied-rows');
    for (const [width, height] of [[1440, 900], [390, 844]] as const) {
      await page.setViewportSize({ width, height });
      await expectAccessible(page);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await test.step('Escape closes it and leaves the focus on the chip', async () => {
    await page.keyboard.press('Escape');
    await expect(live.deliveries('speed')).toBeHidden();
    await expect(live.status('speed')).toBeFocused();
  });

  await test.step('all of them apply the next one: the chip shows how fast', async () => {
    for (const game of [deck, tester]) game.judge = () => ({ status: 'applied' });
    await live.setNumber('speed', '7');
    await expect(live.status('speed')).toHaveText(/3\/3 applied\s· p95 <?\d+(\.\d)? ms/);
  });
  for (const game of [pixel, deck, tester]) game.close();
});

test('an offline device gets the edit when it reconnects', async ({ page, server, project }) => {
  const game = await connect(server, project, 'pixel-7');
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('speed', '2');
  await expect(live.status('speed')).toContainText(/applied\s· <?\d/);
  game.close();
  await expect(live.devices).toContainText('offline');

  await live.setNumber('speed', '8');
  await expect(live.status('speed')).toContainText('waiting for 1 device');
  await live.status('speed').click();
  await expect(live.delivery('speed', 'pixel-7')).toContainText('offline, delivered on reconnect');
  await shot(page, 'delivered-on-return');

  const back = await AckingGame.connect(server, project.key, game.self, game);
  await back.untilSent('speed', 8);
  await expect(live.delivery('speed', 'pixel-7')).toHaveText(/pixel-7.*applied/);
  await expect(live.status('speed')).toContainText('applied');
  await expect(live.devices.getByText('pixel-7'), 'it is the same device').toHaveCount(1);
  back.close();
});

test('both versions of the protocol are counted together', async ({ page, server, project }) => {
  const acking = await connect(server, project, 'pixel-7');
  const original = await Game.connect(server, project.key);
  original.declare(SPEED);
  const live = new LivePage(page);
  await open(page, server, project.live);
  original.obeys = false;
  await live.setNumber('speed', '9');
  await expect(live.status('speed')).toContainText('1/2 applied');
  await live.status('speed').click();
  await expect(live.deliveries('speed')).toContainText('pending, reports 1');
  original.declare({ ...SPEED, value: 9 });
  await expect(live.status('speed')).toContainText('2/2 applied');
  acking.close();
  original.close();
});

test('nothing moves while a slider is dragged with its rows open', async ({ page, server, project }) => {
  const games = await Promise.all(['one', 'two', 'three'].map(name => connect(server, project, name)));
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('speed', '5');
  await expect(live.status('speed')).toContainText('3/3 applied');
  await live.status('speed').click();
  await expect(live.deliveries('speed').getByRole('listitem')).toHaveCount(3);
  const places = () => boxes(page, ['.delivery', '.delivery-device', 'li.var', '.var-control']);
  const before = await places();
  await page.evaluate(() => {
    Object.assign(window, { shifts: 0 });
    new PerformanceObserver(list => {
      for (const entry of list.getEntries()) {
        // the words of the chip change
        const moved: { node: Node | null }[] = Reflect.get(entry, 'sources');
        const isOwn = ({ node }: { node: Node | null }) => (node?.parentElement?.closest('.chip') ?? null) !== null;
        if (moved.every(isOwn)) continue;
        Object.assign(window, { shifts: Reflect.get(window, 'shifts') + Reflect.get(entry, 'value') });
      }
    }).observe({ type: 'layout-shift', buffered: false });
  });
  await live.dragSlider('speed', 1);
  await Promise.all(games.map(game => game.untilSent('speed', 100)));
  await expect(live.status('speed')).toContainText('3/3 applied');
  expect(await places()).toEqual(before);
  expect(await page.evaluate(() => Reflect.get(window, 'shifts'))).toBe(0);
  for (const game of games) game.close();
});

test('an action runs on every game and says what each answered', async ({ page, server, project }) => {
  const games = await Promise.all(['pixel-7', 'steamdeck'].map(name => connect(server, project, name)));
  const ran: unknown[] = [];
  for (const game of games) {
    game.declare(
      { name: 'restart', type: 'action', value: null, label: 'Restart the level' },
      { name: 'spawn', type: 'action', value: null, default: { kind: 'boss', count: 1 } },
    );
    game.act = (name, args) => {
      ran.push({ name, args });
      return { lives: 3 };
    };
  }
  const live = new LivePage(page);
  await open(page, server, project.live);

  await test.step('without an argument', async () => {
    await live.action('restart').click();
    await expect(live.status('restart')).toHaveText(/2\/2 done\s· p95 <?\d+(\.\d)? ms/);
    expect(ran).toEqual([{ name: 'restart', args: null }, { name: 'restart', args: null }]);
  });

  await test.step('with an argument, and one game that cannot', async () => {
    games[1]!.act = () => {
      throw new Error('no <i>boss</i> here');
    };
    await live.text('spawn').fill('{"kind": "boss", "count": 3}');
    await live.action('spawn').click();
    await expect(live.status('spawn')).toContainText('1/2 done, 1 failed');
    await live.status('spawn').click();
    await expect(live.delivery('spawn', 'steamdeck')).toContainText('no <i>boss</i> here');
    await expect(live.delivery('spawn', 'pixel-7')).toContainText('done {"lives":3}');
    expect(ran.at(-1)).toEqual({ name: 'spawn', args: { kind: 'boss', count: 3 } });
    await shot(page, 'action');
    await expectAccessible(page);
  });

  await test.step('an argument that is not JSON is not sent', async () => {
    await live.text('spawn').fill('{"kind": ');
    await live.action('spawn').click();
    await expect(live.row('spawn').getByRole('alert')).toContainText('not JSON');
    expect(ran).toHaveLength(3);
  });

  await test.step('without a game it cannot be run', async () => {
    for (const game of games) game.close();
    await expect(live.action('restart')).toBeDisabled();
    await expect(live.row('restart')).toContainText('No game is connected');
  });
});

async function connect(server: Server, project: Project, device: string, more: object = {}): Promise<AckingGame> {
  const game = await AckingGame.connect(server, project.key, { device, name: device, ...more });
  game.declare(SPEED);
  await game.untilStored();
  return game;
}

/** The positions of these. */
async function boxes(page: Page, selectors: string[]): Promise<string[]> {
  return page.evaluate(
    selectors =>
      selectors.flatMap(selector =>
        [...document.querySelectorAll(selector)].map(element => {
          const { x, y, width, height } = element.getBoundingClientRect();
          return `${selector} ${element.className} ${[x, y, width, height].map(Math.round).join(' ')}`;
        }),
      ),
    selectors,
  );
}
