import type { CDPSession, Locator, Page } from '@playwright/test';
import { expect, Game, open, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test.use({ hasTouch: true, viewport: { width: 390, height: 844 } });

test('a swipe that starts on a control scrolls, and sets nothing', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  const many = Array.from({ length: 30 }, (_, i) => ({ name: `more_${i}`, type: 'integer', value: 1, min: 0, max: 9 }));
  game.declare(
    { name: 'speed', type: 'float', value: 20, min: 0, max: 100 },
    { name: 'bare', type: 'float', value: 5 },
    { name: 'sky', type: 'color', value: 'rgba(255, 136, 0, 0.5)' },
    ...many,
  );
  const edits: string[] = [];
  game.onEdit = json => edits.push(json);
  const live = new LivePage(page);
  await open(page, server, project.live);
  const touch = await page.context().newCDPSession(page);

  for (const begun of [live.slider('speed'), live.row('bare').locator('.grip'), live.row('sky').getByRole('slider')]) {
    const before = await scrolled(page);
    // not straight: a thumb moves in an arc
    await swipe(touch, await middle(begun), 12, -120);
    await expect.poll(() => scrolled(page), 'it scrolls').toBeGreaterThan(before);
    await page.evaluate(() => document.querySelectorAll('.pane--vars .pane-body').forEach(pane => (pane.scrollTop = 0)));
  }
  await test.step('a tap sets nothing either', async () => {
    const { x, y } = await middle(live.slider('speed'));
    await page.touchscreen.tap(x + 60, y);
  });
  await live.setNumber('more_0', '7');
  await game.untilValue('more_0', 7);
  expect(edits, 'the only one').toHaveLength(1);
  await expect(live.number('speed')).toHaveValue('20');
  game.close();
});

test('a touch that moves sideways drags', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 20, min: 0, max: 100 }, { name: 'bare', type: 'integer', value: 5 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  const touch = await page.context().newCDPSession(page);
  await swipe(touch, await middle(live.slider('speed')), 400, 15);
  await game.untilValue('speed', 100);
  await swipe(touch, await middle(live.row('bare').locator('.grip')), 30, 2);
  await game.untilValue('bare', 15);
  game.close();
});

async function middle(control: Locator): Promise<{ x: number; y: number }> {
  await control.scrollIntoViewIfNeeded();
  const box = await control.boundingBox();
  if (!box) throw new Error('it is not there');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** A touch, as the browser gets it from the screen. */
async function swipe(touch: CDPSession, from: { x: number; y: number }, right: number, down: number): Promise<void> {
  const STEPS = 12;
  const at = (part: number) => [{ x: from.x + right * part, y: from.y + down * part }];
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0) });
  for (let step = 1; step <= STEPS; step += 1) {
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(step / STEPS) });
  }
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

async function scrolled(page: Page): Promise<number> {
  return page.evaluate(() => {
    const panes = [...document.querySelectorAll('.pane--vars .pane-body')].map(pane => pane.scrollTop);
    return Math.max(window.scrollY, ...panes);
  });
}
