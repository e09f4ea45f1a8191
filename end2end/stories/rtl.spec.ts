import type { Locator, Page } from '@playwright/test';
import { AckingGame, createProject, expect, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SPEED = 'سرعة اللاعب';
const GROUP = 'عدو';
const DEVICE = 'הטלפון של דנה';
const MESSAGE = 'המשחק התחיל, שלב 3';
/** Turns round what comes behind it, and does not end. */
const TURNED = 'left \u202Eright \u2067deep';

test('text from right to left begins at the right and turns round nothing else', async ({ page, server, owner }) => {
  const project = await createProject(owner, server, 'משחק');
  const game = await AckingGame.connect(server, project.key, { device: DEVICE, name: DEVICE, app: TURNED });
  game.declare(
    { name: 'speed', type: 'integer', value: 5, min: 0, max: 9, label: SPEED, unit: 'م/ث', group: GROUP, help: SPEED },
    { name: 'title', type: 'string', value: 'שלום עולם', label: TURNED, help: TURNED },
    { name: 'plain', type: 'integer', value: 7, label: 'Plain', unit: 'm/s' },
    { name: 'mode', type: 'enum', value: 'سهل', options: ['سهل', 'صعب'] },
    { name: 'said', type: 'string', value: 'שלום', readonly: true },
  );
  game.log({ message: MESSAGE }, { message: TURNED, level: 'warn' });
  await game.untilStored();
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('speed')).toBeVisible();

  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await test.step(`${width} px`, async () => {
      for (const text of [live.row('speed').locator('.var-name'), live.row('mode').locator('.segment > span').first()]) {
        await expect(text).toHaveCSS('direction', 'rtl');
      }
      await expect(live.row('plain').locator('.var-name')).toHaveCSS('direction', 'ltr');
      expect(await isolated(live.row('title').locator('.var-name')), 'controls in a label end with it').toBe(true);
      await expect(live.row('said').locator('output')).toHaveCSS('direction', 'rtl');
    });
  }
  await page.setViewportSize({ width: 1440, height: 900 });

  await test.step('it begins at the right', async () => {
    const [group, row] = [live.group(GROUP).locator('summary'), live.row('speed').locator('.var-name')];
    await expect(group).toHaveCSS('direction', 'rtl');
    const gap = await row.evaluate(name => {
      const range = document.createRange();
      range.selectNodeContents(name);
      return Math.abs(name.getBoundingClientRect().right - range.getBoundingClientRect().right);
    });
    expect(gap, 'between the label and the right end of its place').toBeLessThan(2);
    await expect(live.device(DEVICE)).toHaveCSS('direction', 'rtl');
    await expect(page.getByRole('heading', { level: 1 })).toHaveCSS('direction', 'rtl');
  });

  await test.step('a label with controls leaves its neighbours as they are', async () => {
    // the control and what follows it stand where they stand in a row whose label is plain
    const place = (name: string) => live.row(name).locator('.var-control').evaluate(control => Math.round(control.getBoundingClientRect().left));
    expect(await place('title')).toBe(await place('plain'));
    await live.device(DEVICE).click();
    expect(await isolated(page.locator('.scope bdi').first())).toBe(true);
    const end = await sideOf(page, '.pane--vars .scope p', 'Edits');
    const name = await sideOf(page, '.pane--vars .scope p', DEVICE);
    expect(name, 'the sentence goes on to the right of the name').toBeLessThan(end);
  });
  await shot(page, 'right-to-left');
  game.close();
});

/** Whether bidirectional controls inside have no effect outside. */
async function isolated(element: Locator): Promise<boolean> {
  return element.evaluate(element => /isolate|plaintext/.test(getComputedStyle(element).unicodeBidi));
}

/** Where a part of a text begins, from the left. */
async function sideOf(page: Page, selector: string, part: string): Promise<number> {
  return page.locator(selector).first().evaluate((element, part) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.textContent?.indexOf(part) ?? -1;
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + part.length);
      return range.getBoundingClientRect().left;
    }
    throw new Error(`no ${part}`);
  }, part);
}
