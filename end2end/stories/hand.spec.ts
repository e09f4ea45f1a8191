import type { Page } from '@playwright/test';
import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const F = { name: 'f', type: 'float', value: 1, min: 0, max: 100 };
/** An edit of this variable shows that nothing else was sent before it. */
const FENCE = { name: 'fence', type: 'boolean', value: false };

test('a declaration between two digits does not cut the number off', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(F, { name: 'g', type: 'float', value: 1, min: 0, max: 100 });
  const live = new LivePage(page);
  await open(page, server, project.live);

  for (const [name, more] of [['f', { max: 200 }], ['g', { label: 'Gravity' }]] as const) {
    await live.number(name).click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('2');
    game.declare({ ...F, name, ...more }, { name: `new_${name}`, type: 'integer', value: 3 });
    game.log({ message: `declared ${name}` });
    await expect(live.logLine(`declared ${name}`)).toBeVisible();
    await expect(live.number(name)).toBeFocused();
    await page.keyboard.type('5');
    await expect(live.number(name)).toHaveValue('25');
    await page.keyboard.press('Enter');
    expect(JSON.parse(await game.nextEdit())).toMatchObject({ name, value: 25 });
  }
  // then the rows catch up, and the caret is still where it was
  await expect(live.row('g')).toContainText('Gravity');
  await expect(live.number('g')).toBeFocused();
  await expect(live.slider('f')).toHaveAttribute('max', '200');
  game.close();
});

test('variables that arrive above interrupt neither typing nor a drag', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  const group = 'world';
  game.declare({ ...F, group }, { name: 'title', type: 'string', value: 'one', group }, { ...F, name: 'hue', group });
  const live = new LivePage(page);
  await open(page, server, project.live);
  const above = (name: string) => ({ name, type: 'integer', value: 1, group, order: -100 });

  await test.step('typing', async () => {
    await live.text('title').click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('half a sen');
    const before = await live.text('title').boundingBox();
    game.declare(above('a'), above('b'));
    await expect(page.getByText('changes wait while you edit')).toBeVisible();
    await expect(live.text('title')).toBeFocused();
    expect(await live.text('title').boundingBox(), 'nothing moved under the hand').toEqual(before);
    await page.keyboard.type('tence');
    await expect(live.text('title')).toHaveValue('half a sentence');
    await shot(page, 'held');
    await page.keyboard.press('Enter');
    expect(JSON.parse(await game.nextEdit())).toMatchObject({ name: 'title', value: 'half a sentence' });
    await expect(live.number('a')).toBeVisible();
    await expect(live.text('title'), 'the focus stays').toBeFocused();
  });

  await test.step('a drag', async () => {
    const slider = await live.slider('hue').boundingBox();
    if (!slider) throw new Error('no slider');
    const y = slider.y + slider.height / 2;
    await page.mouse.move(slider.x + slider.width / 4, y);
    await page.mouse.down();
    await page.mouse.move(slider.x + slider.width / 2, y, { steps: 5 });
    game.declare(above('c'), above('d'), { ...F, name: 'hue', group, max: 50, label: 'Hue' });
    await expect(page.getByText('changes wait while you edit')).toBeVisible();
    await page.mouse.move(slider.x + slider.width + 40, y, { steps: 10 });
    expect(await live.slider('hue').boundingBox()).toEqual(slider);
    await page.mouse.up();
    await expect(live.number('c')).toBeVisible();
    await expect(live.slider('hue')).toHaveAttribute('max', '50');
  });
  game.close();
});

test('a draft is neither sent nor lost', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(F, FENCE, { name: 'title', type: 'string', value: 'one' });
  const live = new LivePage(page);
  await open(page, server, project.live);

  await live.number('f').fill('42');
  await page.keyboard.press('Tab');
  await live.text('title').fill('half a sentence');
  // the switch is below the drafts: it must not move from under the click
  await live.toggle('fence').click();
  expect(JSON.parse(await game.nextEdit()), 'nothing came before it').toMatchObject({ name: 'fence' });
  await expect(live.number('f')).toHaveValue('42');
  await expect(live.row('f')).toContainText('Not sent');
  await shot(page, 'drafts');

  // it outlives changes to the row
  game.declare({ ...F, max: 300, group: 'elsewhere' });
  await expect(live.slider('f')).toHaveAttribute('max', '300');
  await expect(live.number('f')).toHaveValue('42');
  await live.row('f').getByRole('button', { name: 'Send' }).click();
  expect(JSON.parse(await game.nextEdit())).toMatchObject({ name: 'f', value: 42 });
  await live.row('title').getByRole('button', { name: 'Discard' }).click();
  await expect(live.text('title')).toHaveValue('one');
  await expect(live.row('title')).not.toContainText('Not sent');
  game.close();
});

test('the Enter that ends a composition commits nothing', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'title', type: 'string', value: 'one' }, FENCE);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.text('title').click();
  await page.keyboard.press('ControlOrMeta+a');
  const ime = await page.context().newCDPSession(page);
  await ime.send('Input.imeSetComposition', { text: 'にほん', selectionStart: 3, selectionEnd: 3 });
  await expect(live.text('title')).toHaveValue('にほん');
  // as browsers report it: the key belongs to the input method
  await ime.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', windowsVirtualKeyCode: 229, key: 'Enter', code: 'Enter' });
  game.declare({ name: 'title', type: 'string', value: 'two', label: 'Title' });
  await ime.send('Input.insertText', { text: '日本' });
  await expect(live.text('title')).toHaveValue('日本');
  await expect(live.row('title')).toContainText('Not sent');
  await page.keyboard.type('語');
  await page.keyboard.press('Enter');
  expect(JSON.parse(await game.nextEdit())).toMatchObject({ name: 'title', value: '日本語' });
  game.close();
});

test('somebody else’s edit shows beside the field, and is not silently overwritten', async ({
  page,
  server,
  project,
  another,
}) => {
  const game = await Game.connect(server, project.key);
  game.declare({ ...F, max: 1000 }, FENCE);
  const ana = new LivePage(page);
  await open(page, server, project.live);
  const ben = new LivePage(await another());
  await open(ben.page, server, project.live);

  await type(page, ana, 'f', '42');
  await ben.setNumber('f', '200');
  await game.untilValue('f', 200);
  await expect(ana.row('f')).toContainText('owner set it to 200 while you were editing.');
  await expect(ana.number('f')).toHaveValue('42');
  await shot(page, 'competing');

  await page.keyboard.press('Enter');
  await expect(ana.status('f')).toContainText('Conflict: owner set it to 200 first. Your 42 was not set.');
  await expect(ana.number('f')).toHaveValue('200');
  await shot(page, 'conflict');
  // a later edit arrives, and nothing before it
  await ana.toggle('fence').click();
  await game.untilValue('fence', true);
  expect(game.values.get('f')).toBe(200);

  await ana.row('f').getByRole('button', { name: 'Keep mine' }).click();
  await game.untilValue('f', 42);
  await expect(ben.number('f')).toHaveValue('42');

  await type(page, ana, 'f', '7');
  await ben.setNumber('f', '300');
  await expect(ana.row('f')).toContainText('owner set it to 300 while you were editing.');
  await page.keyboard.press('Enter');
  await ana.row('f').getByRole('button', { name: 'Take theirs' }).click();
  await expect(ana.number('f')).toHaveValue('300');
  await expect(ana.status('f')).not.toContainText('Conflict');
  expect(game.values.get('f')).toBe(300);
  game.close();
});

test('an open list keeps its choices', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  const options = ['bow', 'axe', 'sword', 'spear', 'sling'];
  game.declare({ name: 'weapon', type: 'enum', value: 'bow', options });
  const live = new LivePage(page);
  await open(page, server, project.live);
  const list = live.row('weapon').getByRole('combobox');
  const handle = await list.elementHandle();
  await list.click();
  game.declare({ name: 'weapon', type: 'enum', value: 'bow', options: [...options, 'club'] });
  game.log({ message: 'declared' });
  await expect(live.logLine('declared')).toBeVisible();
  expect(await handle?.evaluate(select => select.isConnected), 'the same list').toBe(true);
  await list.selectOption('sling');
  await game.untilValue('weapon', 'sling');
  await expect(list.locator('option')).toContainText(['bow', 'axe', 'sword', 'spear', 'sling', 'club']);
  game.close();
});

async function type(page: Page, live: LivePage, name: string, text: string): Promise<void> {
  await live.number(name).click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
}
