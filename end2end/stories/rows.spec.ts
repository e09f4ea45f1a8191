import type { Locator, Page } from '@playwright/test';
import { AckingGame, expect, open, type Project, type Server, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const RANGE = { min: 0, max: 100 };
const VARIABLES = [
  { name: 'speed', type: 'integer', value: 5, ...RANGE, unit: 'm/s', default: 5 },
  { name: 'gravity', type: 'float', value: 9.81, ...RANGE, unit: 'kilometres per hour squared' },
  { name: 'plain', type: 'integer', value: 1, ...RANGE },
  { name: 'height', type: 'float', value: 2, ...RANGE, label: 'Jump height of the second player', default: 3, help: 'How high.' },
  { name: 'seed', type: 'integer', value: 12345 },
  { name: 'title', type: 'string', value: 'Level one', default: 'Level two' },
  { name: 'sky', type: 'color', value: 'rgba(51, 153, 255, 0.5)' },
  { name: 'on', type: 'boolean', value: true },
  { name: 'mode', type: 'enum', value: 'easy', options: ['easy', 'normal', 'hard'] },
];
/** The least share of its row's width that a slider has. */
const SIZES = [
  { width: 1440, height: 900, part: 0.25 },
  { width: 1920, height: 1000, part: 0.35 },
  { width: 1024, height: 768, part: 0.75 },
  { width: 390, height: 844, part: 0.7 },
];

test('rows have the same columns whatever is in them, and sliders take the remaining width', async ({ page, server, project }) => {
  const game = await connect(server, project);
  const live = new LivePage(page);
  await open(page, server, project.live);
  // a chip in one row of three
  await live.setNumber('speed', '50');
  await live.expectApplied('speed');
  await live.setText('title', 'Level three');
  await expect.poll(() => game.values.get('title')).toBe('Level three');

  for (const { part, ...size } of SIZES) {
    await page.setViewportSize(size);
    await test.step(`${size.width} px`, async () => {
      const rows = page.locator('li.var');
      expect(await ends(rows.locator('.var-control'), 'left'), 'controls begin').toHaveLength(1);
      expect(await ends(rows.locator('.var-control'), 'right'), 'controls end').toHaveLength(1);
      expect(await ends(rows.locator('.number--ranged > .entry'), 'left'), 'fields begin').toHaveLength(1);
      expect(await ends(rows.locator('.reset'), 'left'), 'resets').toHaveLength(1);
      expect(await ends(rows.locator('.chip:visible'), 'right'), 'chips end').toHaveLength(1);
      const [slider, row] = [await live.slider('speed').boundingBox(), await live.row('speed').boundingBox()];
      expect((slider?.width ?? 0) / (row?.width ?? 1), 'the slider’s share of its row').toBeGreaterThan(part);
    });
  }
  game.close();
});

test('nothing moves when a draft, its buttons or a chip appear and disappear', async ({ page, server, project }) => {
  const game = await connect(server, project);
  const live = new LivePage(page);
  await open(page, server, project.live);
  for (const { part: _, ...size } of SIZES) {
    await page.setViewportSize(size);
    await test.step(`${size.width} px`, async () => {
      const before = await places(page);
      await live.number('speed').fill('20+3*4');
      await expect(live.row('speed')).toContainText('= 32');
      await live.text('title').fill('Half a sentence');
      await expect(live.row('title')).toContainText('Not sent');
      expect(await places(page), 'drafts').toEqual(before);
      const send = live.row('speed').getByRole('button', { name: 'Send' });
      const discard = live.row('speed').getByRole('button', { name: 'Discard' });
      const [first, second] = [await send.boundingBox(), await discard.boundingBox()];
      expect(first?.y, 'side by side').toBe(second?.y);
      await expect(send).toBeInViewport({ ratio: 1 });
      await expect(discard).toBeInViewport({ ratio: 1 });
      await shot(page, `drafts-${size.width}`);
      await send.click();
      await live.row('title').getByRole('button', { name: 'Discard' }).click();
      await live.expectApplied('speed');
      expect(await places(page), 'sent and answered').toEqual(before);
    });
    await live.setNumber('speed', '5');
    await live.expectApplied('speed');
  }
  game.close();
});

/** The distinct positions of this edge of the elements. */
async function ends(elements: Locator, edge: 'left' | 'right'): Promise<number[]> {
  const all = await elements.evaluateAll(
    (elements, edge) => elements.map(element => Math.round(element.getBoundingClientRect()[edge])),
    edge,
  );
  expect(all.length, 'there is something to compare').toBeGreaterThan(1);
  return [...new Set(all)];
}

/** The positions of rows and of everything that is always in them. */
async function places(page: Page): Promise<string[]> {
  return page.locator('li.var, .var-name, .var-control, .var-control > *, .unit, .reset').evaluateAll(elements =>
    elements.map(element => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return `${element.classList[0]} ${[x, y, width, height].map(pixels => Math.round(pixels * 10) / 10).join(' ')}`;
    }),
  );
}

async function connect(server: Server, project: Project): Promise<AckingGame> {
  const game = await AckingGame.connect(server, project.key, { device: 'pixel-7', name: 'pixel-7' });
  game.declare(...VARIABLES);
  await game.untilStored();
  return game;
}
