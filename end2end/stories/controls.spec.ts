import { expect, exactJson, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('every type has its control, and the game gets the type that it declared', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(
    { name: 'lives', type: 'integer', value: '3' },
    { name: 'speed', type: 'integer', value: 5, min: 0, max: 10 },
    { name: 'gravity', type: 'float', value: 9.5, min: 0, max: 20, step: 0.5 },
    { name: 'god_mode', type: 'boolean', value: 'false' },
    { name: 'title', type: 'string', value: 'Level one' },
    { name: 'mode', type: 'enum', value: 'easy', options: ['easy', 'hard'] },
    { name: 'weapon', type: 'enum', value: 'bow', options: ['bow', 'axe', 'sword', 'spear', 'sling', 'club'] },
    { name: 'sky', type: 'color', value: '#336699' },
    { name: 'odd', type: 'matrix', value: 'a:b' },
    { name: 'fps', type: 'integer', value: 60, readonly: true },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);
  const edit = async () => JSON.parse(await game.nextEdit()) as unknown;

  await live.setNumber('lives', '4');
  expect(await edit(), 'a game that writes numbers as strings gets strings').toEqual({ name: 'lives', type: 'integer', value: '4' });
  await live.toggle('god_mode').click();
  expect(await edit()).toEqual({ name: 'god_mode', type: 'boolean', value: 'true' });
  await live.setNumber('gravity', '12.5');
  expect(await edit()).toEqual({ name: 'gravity', type: 'float', value: 12.5 });
  await live.setText('title', 'Level "two" <b>');
  expect(await edit()).toEqual({ name: 'title', type: 'string', value: 'Level "two" <b>' });
  await live.choose('mode', 'hard');
  expect(await edit()).toEqual({ name: 'mode', type: 'enum', value: 'hard' });
  await live.choose('weapon', 'sling');
  expect(await edit()).toEqual({ name: 'weapon', type: 'enum', value: 'sling' });
  await live.setText('sky', '#ff8800');
  expect(await edit()).toEqual({ name: 'sky', type: 'color', value: '#ff8800' });
  await live.setText('odd', 'c:d');
  expect(await edit()).toEqual({ name: 'odd', type: 'matrix', value: 'c:d' });
  expect(await live.readOnly('fps')).toBe(60);
  await expect(live.row('fps').getByRole('textbox')).toHaveCount(0);
  await shot(page, 'controls');
  game.close();
});

test('dragging a slider streams, and ends at the last value', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 0, min: 0, max: 1000 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  const edits: number[] = [];
  game.onEdit = json => edits.push((JSON.parse(json) as { value: number }).value);
  await live.dragSlider('speed', 1);
  await game.untilValue('speed', 1000);
  expect(edits.length, 'it streamed while the hand moved').toBeGreaterThan(2);
  expect(edits.at(-1)).toBe(1000);
  await live.expectApplied('speed');
  game.close();
});

test('64-bit integers keep every digit', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(
    { name: 'smallest', type: 'integer', value: -9223372036854775808n },
    { name: 'largest', type: 'integer', value: 18446744073709551615n },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.number('smallest')).toHaveValue('-9223372036854775808');
  await expect(live.number('largest')).toHaveValue('18446744073709551615');
  await live.setNumber('largest', '18446744073709551613');
  expect(await game.nextEdit()).toContain(exactJson({ value: 18446744073709551613n }).slice(1, -1));
  await live.expectApplied('largest');
  await expect(live.number('largest')).toHaveValue('18446744073709551613');
  game.close();
});

test('text that is not a number is not sent, and the field says why', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 5 }, { name: 'fence', type: 'integer', value: 1 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.setNumber('speed', 'fast');
  await expect(live.number('speed')).toHaveAttribute('aria-invalid', 'true');
  await shot(page, 'not-a-number');
  // the next edit that the game gets is the other one
  await live.setNumber('fence', '2');
  expect(JSON.parse(await game.nextEdit())).toMatchObject({ name: 'fence' });
  game.close();
});

test('reports from the game do not disturb typing', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'title', type: 'string', value: 'one' }, { name: 'ticks', type: 'integer', value: 1 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.text('title').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('half a sen');
  game.declare({ name: 'title', type: 'string', value: 'two' }, { name: 'ticks', type: 'integer', value: 2 });
  await expect(live.number('ticks')).toHaveValue('2');
  await expect(live.text('title')).toBeFocused();
  await page.keyboard.type('tence');
  await page.keyboard.press('Enter');
  expect(JSON.parse(await game.nextEdit())).toMatchObject({ value: 'half a sentence' });
  game.close();
});
