import { expect, exactJson, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

test('numbers are understood the way people type them, and the result shows before it is sent', async ({
  page,
  server,
  project,
}) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'f', type: 'float', value: 10 }, { name: 'i', type: 'integer', value: 10 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  const numbers = [
    ['f', '2,5', '= 2.5', 2.5],
    ['f', '−4', '= -4', -4],
    ['f', '2*3+1', '= 7', 7],
    ['f', '+=5', '= 12', 12],
    ['f', '1/4', '= 0.25', 0.25],
    ['i', '1_000', '= 1000', 1000],
    ['i', '*2', '= 2000', 2000],
    ['i', '2.0', '= 2', 2],
  ] as const;
  for (const [name, typed, shown, sent] of numbers) {
    await live.number(name).fill(typed);
    await expect(live.row(name).locator('.draft-result')).toHaveText(shown);
    if (typed === '2*3+1') await shot(page, 'arithmetic');
    await live.number(name).press('Enter');
    expect((JSON.parse(await game.nextEdit()) as { value: number }).value, typed).toBe(sent);
  }
  await live.number('i').fill('1,000');
  await live.number('i').press('Enter');
  await expect(live.row('i').getByRole('alert')).toContainText('a thousand or a fraction');
  game.close();
});

test('a step back undoes a step forth', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'f', type: 'float', value: 1000 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.number('f').click();
  await page.keyboard.press('ArrowDown');
  await game.untilValue('f', 990);
  await page.keyboard.press('ArrowUp');
  await game.untilValue('f', 1000);
  // arrow keys continue from what is typed
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('50');
  await page.keyboard.press('ArrowUp');
  await game.untilValue('f', 60);
  game.close();
});

test('the end of an integer slider is exactly the limit', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'id', type: 'integer', value: 5, min: 0, max: 9223372036854775807n });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await live.slider('id').focus();
  await page.keyboard.press('End');
  expect(await game.nextEdit()).toContain(exactJson({ value: 9223372036854775807n }).slice(1, -1));
  await page.keyboard.press('Home');
  expect(JSON.parse(await game.nextEdit())).toMatchObject({ value: 0 });
  await live.dragSlider('id', 1);
  await expect(live.number('id')).toHaveValue('9223372036854775807');
  await expect(live.number('id')).not.toHaveAttribute('aria-invalid', 'true');
  await expect(live.status('id')).toContainText('applied');
  game.close();
});

test('large floats are written in short form', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'huge', type: 'float', value: 1e300 }, { name: 'seen', type: 'float', value: 1e300, readonly: true });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.number('huge')).toHaveValue('1e300');
  await expect(live.row('seen').locator('output')).toHaveText('1e300');
  await live.setNumber('huge', '2e300');
  expect(JSON.parse(await game.nextEdit())).toMatchObject({ value: 2e300 });
  game.close();
});

test('with Shift and Alt a drag is finer', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'f', type: 'float', value: 50, min: 0, max: 100 }, { name: 'bare', type: 'float', value: 1000 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  const drag = async (box: { x: number; y: number; width: number; height: number } | null, by: number) => {
    if (!box) throw new Error('nothing to drag');
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + by, y, { steps: 10 });
    await page.mouse.up();
  };
  const slider = await live.slider('f').boundingBox();
  await page.keyboard.down('Shift');
  await page.keyboard.down('Alt');
  await drag(slider, 30);
  await drag(await live.row('bare').locator('.grip').boundingBox(), 30);
  await page.keyboard.up('Alt');
  await page.keyboard.up('Shift');
  // a tenth of 30 pixels
  const moved = (30 / ((slider?.width ?? 0) - 16)) * 10;
  await expect.poll(async () => Number(await live.number('f').inputValue())).toBeCloseTo(50 + moved, 0);
  // ten steps of ten, each a tenth as long
  await game.untilValue('bare', 1010);
  game.close();
});
