import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const WRITTEN = {
  hex: ['#ff8844', '#3366cc', '#3366cc'],
  legacy: ['rgba(255, 136, 68, 0.5)', '#3366cc', 'rgba(51, 102, 204, 0.5)'],
  modern: ['rgb(255 136 68 / 25%)', '#3366cc', 'rgb(51 102 204 / 0.25)'],
  hsl: ['hsl(120, 100%, 25%)', '#3366cc', 'hsl(220, 60%, 50%)'],
  named: ['tomato', '#ff0000', 'red'],
  number: [0xff8844, '#3366cc', 0x3366cc],
} as const;
const SWATCHES = { hex: '#ff8844', legacy: '#ff8844', modern: '#ff8844', hsl: '#008000', named: '#ff6347', number: '#ff8844' };

test('every colour notation has a swatch, and is kept when a colour is picked', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(
    ...Object.entries(WRITTEN).map(([name, [value]]) => ({ name, type: 'color', value })),
    { name: 'odd', type: 'color', value: 'none of ours' },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);
  for (const [name, hex] of Object.entries(SWATCHES)) {
    await expect(live.row(name).locator('input[type=color]'), name).toHaveValue(hex);
    await expect(live.row(name).locator('rect'), name).toHaveAttribute('fill', hex);
  }
  await expect(live.row('odd').locator('rect'), 'no wrong swatch').toBeHidden();
  await shot(page, 'colours');
  for (const [name, [, picked, written]] of Object.entries(WRITTEN)) {
    await live.row(name).locator('input[type=color]').fill(picked);
    expect(JSON.parse(await game.nextEdit()), name).toMatchObject({ name, value: written });
  }
  game.close();
});

test('alpha has a control, unless the colour is a number without one', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare(
    { name: 'sky', type: 'color', value: 'rgba(255, 136, 68, 1)' },
    { name: 'number', type: 'color', value: 0xff8844 },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('number').getByRole('slider')).toHaveCount(0);
  const opacity = live.row('sky').getByRole('slider', { name: 'opacity' });
  await opacity.focus();
  await page.keyboard.press('Home');
  expect(JSON.parse(await game.nextEdit())).toMatchObject({ value: 'rgba(255, 136, 68, 0)' });
  await page.keyboard.press('Shift+ArrowRight');
  await game.untilValue('sky', 'rgba(255, 136, 68, 0.1)');
  await expect(live.row('sky').locator('rect')).toHaveAttribute('fill-opacity', '0.1');
  await live.setText('number', '#010203');
  await game.untilValue('number', 0x010203);
  game.close();
});

test('JSON that was once a string accepts objects again', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'layout', type: 'json', value: 'none yet' });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.text('layout')).toHaveValue('"none yet"');
  await live.setText('layout', '{"rows": 3}');
  expect(JSON.parse(await game.nextEdit())).toMatchObject({ value: { rows: 3 } });
  game.close();
});
