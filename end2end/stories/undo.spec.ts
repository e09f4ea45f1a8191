import { AckingGame, expect, open, type Project, type Server, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SPEED = { name: 'speed', type: 'integer', value: 5, min: 0, max: 200 };
const TITLE = { name: 'title', type: 'string', value: 'one' };
/** An edit of this variable shows that nothing else was sent before it. */
const FENCE = { name: 'fence', type: 'boolean', value: false };
const UNDO = 'ControlOrMeta+z';

test('Ctrl+Z undoes edits one by one, in the games too', async ({ page, server, project }) => {
  const game = await connect(server, project);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('speed', '100');
  await live.expectApplied('speed');
  await live.setText('title', 'two');
  await expect.poll(() => game.values.get('title')).toBe('two');

  await test.step('the newest first, wherever the focus is', async () => {
    await live.log.focus();
    await page.keyboard.press(UNDO);
    await expect.poll(() => game.values.get('title')).toBe('one');
    await expect(live.text('title')).toHaveValue('one');
    expect(game.values.get('speed'), 'one at a time').toBe(100);
    await page.keyboard.press(UNDO);
    await expect(live.number('speed')).toHaveValue('5');
    await expect.poll(() => game.values.get('speed')).toBe(5);
  });

  await test.step('a drag is one edit', async () => {
    await live.setNumber('speed', '50');
    await live.expectApplied('speed');
    await live.dragSlider('speed', 1);
    await expect.poll(() => game.values.get('speed')).toBe(200);
    await page.keyboard.press(UNDO);
    await expect.poll(() => game.values.get('speed')).toBe(50);
    await expect(live.number('speed')).toHaveValue('50');
  });

  await test.step('when there is nothing left, nothing happens', async () => {
    await page.keyboard.press(UNDO);
    await expect.poll(() => game.values.get('speed')).toBe(5);
    await page.keyboard.press(UNDO);
    await live.toggle('fence').click();
    await expect.poll(() => game.values.get('fence')).toBe(true);
    expect([game.values.get('speed'), game.values.get('title')]).toEqual([5, 'one']);
  });
  game.close();
});

test('while typing, Ctrl+Z belongs to the field', async ({ page, server, project }) => {
  const game = await connect(server, project);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('speed', '100');
  await live.expectApplied('speed');

  await test.step('in a draft', async () => {
    await live.text('title').click();
    await page.keyboard.press('End');
    await page.keyboard.type(' and a half');
    await expect(live.row('title')).toContainText('Not sent');
    await page.keyboard.press(UNDO);
    await expect(live.text('title')).not.toHaveValue('one and a half');
    await expect(live.number('speed'), 'and no edit is undone').toHaveValue('100');
    await page.keyboard.press('Escape');
  });
  await test.step('in a filter', async () => {
    await live.varFilter.click();
    await page.keyboard.type('spee');
    await page.keyboard.press(UNDO);
    await expect(live.varFilter).not.toHaveValue('spee');
    await live.varFilter.fill('');
    await expect(live.number('speed')).toHaveValue('100');
  });
  await test.step('in a field without a draft it undoes the edit', async () => {
    await live.number('speed').click();
    await page.keyboard.press(UNDO);
    await expect(live.number('speed')).toHaveValue('5');
    await expect.poll(() => game.values.get('speed')).toBe(5);
    expect(game.values.get('title')).toBe('one');
  });
  game.close();
});

test('an edit that a colleague has replaced is not silently undone', async ({ page, server, project, another }) => {
  const game = await connect(server, project);
  const ana = new LivePage(page);
  await open(page, server, project.live);
  const ben = new LivePage(await another());
  await open(ben.page, server, project.live);
  await ana.setText('title', 'two');
  await expect.poll(() => game.values.get('title')).toBe('two');
  await ana.setNumber('speed', '100');
  await ana.expectApplied('speed');
  await ben.setNumber('speed', '150');
  await expect(ana.number('speed')).toHaveValue('150');

  await ana.log.focus();
  await page.keyboard.press(UNDO);
  await expect(ana.status('speed')).toContainText('Conflict: owner set it to 150 after you. Nothing was undone.');
  await shot(page, 'undo-conflict');
  // the next undo is the edit before, and nothing else has reached the game
  await page.keyboard.press(UNDO);
  await expect.poll(() => game.values.get('title')).toBe('one');
  expect(game.values.get('speed')).toBe(150);
  await expect(ben.number('speed')).toHaveValue('150');
  game.close();
});

async function connect(server: Server, project: Project): Promise<AckingGame> {
  const game = await AckingGame.connect(server, project.key, { device: 'pixel-7', name: 'pixel-7' });
  game.declare(SPEED, TITLE, FENCE);
  await game.untilStored();
  return game;
}
