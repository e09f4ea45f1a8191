import { resolve } from 'node:path';
import { expect, open, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { editedByOne, playedByThree } from '../support/showcase.ts';

/** The picture in the README. */
const PICTURE = resolve(import.meta.dirname, '../../docs/images/live.png');

test('the picture of the live page', async ({ page, server, project }) => {
  const games = await playedByThree(server, project);
  const live = new LivePage(page);
  await open(page, server, project.live);
  await editedByOne(live, games);
  await live.number('player.jump').fill('2*1.5');
  await expect(live.row('player.jump')).toContainText('= 3');
  await page.screenshot({ path: PICTURE, animations: 'disabled' });
  for (const game of games) game.close();
});
