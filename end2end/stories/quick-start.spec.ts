import { expect, open, shot } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import { ROOT, test } from '../support/third-party.ts';

test('the commands of a language start a game of this project', async ({ page, server, project, play }) => {
  await open(page, server, project.live);
  const start = page.getByRole('tabpanel');
  for (const language of ['Rust', 'C', 'C++', 'Python', 'Lua', 'Go']) {
    await page.getByRole('tab', { name: language, exact: true }).click();
    await expect(start.getByLabel('Code to copy')).toContainText(project.key);
    await expect(start.getByLabel('Code to copy')).toContainText(server.games);
    await expect(start.getByLabel('Commands to copy')).toContainText(`${project.key} ${server.games}`);
  }
  await page.getByRole('tab', { name: 'Python', exact: true }).click();
  await shot(page, 'quick-start-python');

  // the first line builds the library, which is there
  const [build, ...commands] = (await start.getByLabel('Commands to copy').innerText()).trim().split('\n');
  expect(build).toContain('cargo build');
  play(ROOT, 'sh', ['-ec', commands.join('\n')]);
  const live = new LivePage(page);
  await expect(live.row('boss.speed')).toBeVisible({ timeout: 30_000 });
  await live.setNumber('boss.speed', '7.5');
  await live.expectApplied('boss.speed');
  await expect(live.logLine('somebody tuned the boss')).toBeVisible();
});
