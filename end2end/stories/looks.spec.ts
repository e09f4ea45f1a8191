import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/axe.ts';
import { expect, hydrated, open, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { editedByOne, playedByThree } from '../support/showcase.ts';

const SIZES = [[1440, 900], [1024, 768], [390, 844]] as const;

test('the live page in all its states, on every screen', async ({ page, server, project, another }) => {
  const games = await playedByThree(server, project);
  const live = new LivePage(page);
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, server, project.live);
  await editedByOne(live, games);
  const ben = new LivePage(await another());
  await open(ben.page, server, project.live);

  // a draft, one that somebody has overtaken, and a conflict
  await live.number('player.jump').fill('2*1.5');
  await live.number('world.seed').fill('7');
  await ben.setNumber('world.seed', '11');
  await expect(live.row('world.seed')).toContainText('set it to 11 while you were editing');
  await live.text('player.name').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('Newt');
  await ben.setText('player.name', 'Bishop');
  await expect(live.row('player.name')).toContainText('set it to Bishop while you were editing');
  await page.keyboard.press('Enter');
  await expect(live.status('player.name')).toContainText('Conflict: owner set it to Bishop first. Your Newt was not set.');
  // and lines that are refused
  games[1]!.line.say(`i:${project.key}:{not json`);
  await expect(live.devices).toContainText('1 line refused');
  await look(page, 'states');

  await live.status('world.spawn').click();
  await expect(live.delivery('world.spawn', 'steamdeck')).toContainText('clamped to 120');
  await look(page, 'devices-of-a-value');
  await page.keyboard.press('Escape');
  for (const pane of ['Devices', 'Logs'] as const) {
    await page.setViewportSize({ width: 390, height: 844 });
    await live.showPane(pane);
    await look(page, `pane-${pane.toLowerCase()}`, [[390, 844]]);
  }
  for (const game of games) game.close();
});

test('the other pages, on every screen', async ({ page, server, project, stranger }) => {
  for (const path of ['settings', 'settings/members', 'settings/keys', 'settings/schema', 'settings/audit']) {
    await page.goto(`${server.url}/p/${project.id}/${path}`);
    await hydrated(page);
    await look(page, path.replace('/', '-'));
  }
  const somebody = await stranger();
  await somebody.goto(`${server.url}/sign-in`);
  await hydrated(somebody);
  await look(somebody, 'sign-in');
});

/** Keeps screenshots for people, and checks what a program can: contrast, names, nothing beyond the screen. */
async function look(page: Page, name: string, sizes: readonly (readonly [number, number])[] = SIZES): Promise<void> {
  const theme = test.info().project.name;
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `artifacts/shots/${theme}/look-${name}-${width}.png`, animations: 'disabled' });
    await expectAccessible(page);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(sideways, `${name} at ${width} px is wider than its screen by`).toBe(0);
  }
}
