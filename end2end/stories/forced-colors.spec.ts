import type { Locator } from '@playwright/test';
import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test.use({ contextOptions: { forcedColors: 'active' } });

test('in forced colours one can still see what is on, chosen and selected', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(
    { name: 'on', type: 'boolean', value: true },
    { name: 'off', type: 'boolean', value: false },
    { name: 'speed', type: 'integer', value: 5, min: 0, max: 10 },
    { name: 'mode', type: 'enum', value: 'easy', options: ['easy', 'hard'] },
  );
  game.log({ message: 'hello' });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.logLine('hello')).toBeVisible();

  await test.step('switches', async () => {
    const [on, off] = [await looks(live.toggle('on')), await looks(live.toggle('off'))];
    expect(on.track).not.toBe(off.track);
    for (const { track, thumb, border, page: canvas } of [on, off]) {
      expect(thumb, 'the thumb is seen on its track').not.toBe(track);
      expect(border, 'the switch is seen on the page').not.toBe(canvas);
    }
  });
  await test.step('panes of a phone, and selected devices', async () => {
    await live.devices.getByRole('checkbox').first().check();
    await expect(live.devices.locator('.device--selected')).toHaveCSS('outline-style', 'solid');
    await page.setViewportSize({ width: 390, height: 844 });
    const tab = (name: string) => page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name });
    await expect(tab('Variables')).toHaveCSS('border-bottom-style', 'solid');
    await expect(tab('Logs')).toHaveCSS('border-bottom-style', 'none');
    await page.setViewportSize({ width: 1440, height: 900 });
  });
  await shot(page, 'forced-colors');
  game.close();
});

async function looks(toggle: Locator) {
  return toggle.evaluate(button => ({
    track: getComputedStyle(button).backgroundColor,
    border: getComputedStyle(button).borderTopColor,
    thumb: getComputedStyle(button, '::after').backgroundColor,
    page: getComputedStyle(document.body).backgroundColor,
  }));
}
