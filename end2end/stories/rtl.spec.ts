import type { Locator, Page } from '@playwright/test';
import { AckingGame, createProject, expect, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SPEED = 'سرعة اللاعب';
const GROUP = 'عدو';
const DEVICE = 'הטלפון של דנה';
const MESSAGE = 'המשחק התחיל, שלב 3';
/** Reverses what follows, without an end mark. */
const TURNED = 'left \u202Eright \u2067deep';

test('right-to-left text starts at the right and reverses nothing else', async ({ page, server, owner }) => {
  const project = await createProject(owner, server, 'משחק');
  const game = await AckingGame.connect(server, project.key, { device: DEVICE, name: DEVICE, app: TURNED });
  game.declare(
    { name: 'speed', type: 'integer', value: 5, min: 0, max: 9, label: SPEED, unit: 'م/ث', group: GROUP, help: SPEED },
    { name: 'title', type: 'string', value: 'שלום עולם', label: TURNED, help: TURNED },
    { name: 'plain', type: 'integer', value: 7, label: 'Plain', unit: 'm/s' },
    { name: 'mode', type: 'enum', value: 'سهل', options: ['سهل', 'صعب'] },
    { name: 'said', type: 'string', value: 'שלום', readonly: true },
  );
  game.log({ message: MESSAGE, note: GROUP, count: 3 }, { message: TURNED, level: 'warn' }, { message: 'Plain line' });
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
      expect(await isolated(live.row('title').locator('.var-name')), 'direction marks end with the label').toBe(true);
      await expect(live.row('said').locator('output')).toHaveCSS('direction', 'rtl');
    });
  }
  await page.setViewportSize({ width: 1440, height: 900 });

  await test.step('it starts at the right', async () => {
    const [group, row] = [live.group(GROUP).locator('summary'), live.row('speed').locator('.var-name')];
    await expect(group).toHaveCSS('direction', 'rtl');
    expect(await gapAtRight(row), 'between the label and the right edge of its box').toBeLessThan(2);
    await expect(live.device(DEVICE)).toHaveCSS('direction', 'rtl');
    await expect(page.getByRole('heading', { level: 1 })).toHaveCSS('direction', 'rtl');
  });

  await test.step('a label with direction marks does not affect its neighbours', async () => {
    // the control and what follows it are where they are in a row with a plain label
    const place = (name: string) => live.row(name).locator('.var-control').evaluate(control => Math.round(control.getBoundingClientRect().left));
    expect(await place('title')).toBe(await place('plain'));
    await live.device(DEVICE).click();
    expect(await isolated(page.locator('.scope bdi').first())).toBe(true);
    const end = await sideOf(page, '.pane--vars .scope p', 'Edits');
    const name = await sideOf(page, '.pane--vars .scope p', DEVICE);
    expect(name, 'the sentence continues to the right of the name').toBeLessThan(end);
  });
  await test.step('so does a log line, and the columns beside it stay', async () => {
    const [line, plain] = [live.logLine(MESSAGE), live.logLine('Plain line')];
    const text = line.locator('.log-text');
    await expect(text).toHaveCSS('direction', 'rtl');
    await expect(plain.locator('.log-text')).toHaveCSS('direction', 'ltr');
    expect(await gapAtRight(text), 'between the message and the right edge of its box').toBeLessThan(2);
    // except for the mark that it has fields
    expect(await gapAtRight(text, line), 'its box ends where the line does').toBeLessThan(50);
    for (const column of ['time', '.log-level', '.log-device', '.log-message']) {
      const left = async (of: Locator) => (await of.locator(column).boundingBox())?.x;
      expect(await left(line), column).toBe(await left(plain));
    }
    for (const part of ['.log-text', '.log-device']) expect(await isolated(line.locator(part)), part).toBe(true);
    expect(await isolated(live.logLine('left').locator('.log-text')), 'direction marks end with the message').toBe(true);
    await shot(page, 'right-to-left');
    await line.click();
    const detail = page.getByRole('complementary', { name: 'Selected log line' });
    await expect(detail.locator('pre')).toHaveCSS('direction', 'rtl');
    const note = detail.getByRole('row', { name: 'note' }).getByRole('cell');
    await expect(note).toHaveCSS('direction', 'rtl');
    expect(await gapAtRight(note), 'a field').toBeLessThan(2);
    await expect(detail.getByRole('row', { name: 'count' }).getByRole('cell')).toHaveCSS('direction', 'ltr');
    await page.keyboard.press('Escape');
  });

  await test.step('values run from the right where they are edited, and are isolated in sentences', async () => {
    await expect(live.text('title')).toHaveCSS('direction', 'rtl');
    await expect(live.number('plain')).toHaveCSS('direction', 'ltr');
    game.judge = (_, value) => ({ status: 'clamped', value: 'קצר', reason: SPEED + String(value).length });
    await live.setText('title', 'עולם גדול');
    await expect(live.status('title')).toContainText('clamped to');
    await live.status('title').click();
    const row = live.deliveries('title').getByRole('listitem');
    expect(await isolated(row.locator('.value'))).toBe(true);
    await expect(row.locator('.delivery-reason')).toHaveCSS('direction', 'rtl');
    await expect(live.status('title')).toHaveText(/clamped to \u2068קצר\u2069/);
    await shot(page, 'right-to-left-values');
  });
  game.close();
});

/** The distance from the text to the right edge of its element, or of one around it. */
async function gapAtRight(text: Locator, around = text): Promise<number> {
  const end = (await around.boundingBox())?.x ?? 0;
  const width = (await around.boundingBox())?.width ?? 0;
  const right = await text.evaluate(text => {
    const range = document.createRange();
    range.selectNodeContents(text);
    return range.getBoundingClientRect().right;
  });
  return Math.abs(end + width - right);
}

/** Whether direction marks inside have no effect outside. */
async function isolated(element: Locator): Promise<boolean> {
  return element.evaluate(element => /isolate|plaintext/.test(getComputedStyle(element).unicodeBidi));
}

/** The left edge of a part of a text. */
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
