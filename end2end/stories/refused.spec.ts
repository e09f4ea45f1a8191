import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expectAccessible } from '../support/axe.ts';
import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';
import type { Server } from '../support/server.ts';

const DESK = { width: 1440, height: 900 };
const TABLET = { width: 1024, height: 768 };
const PHONE = { width: 390, height: 844 };

test('a logger that never reads its socket shows up', async ({ page, server, project }) => {
  const calm = await Game.connect(server, project.key);
  calm.declare({ name: 'speed', type: 'integer', value: 1 });
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.row('speed')).toBeVisible();
  const summary = live.devices.locator('summary').filter({ hasText: 'lines refused', visible: true });
  await expect(summary).toBeHidden();

  const logger = await deafLogger(server, project.key);
  for (let n = 0; n < 11; n++) logger.write(`l:${project.key}:[{"message": "frame ${n}",]\n`);
  logger.write(`l:${project.key}:${Buffer.from('{"text": "no message"}').toString('base64')}\n`);
  await expect(summary).toHaveText('12 lines refused');

  await summary.click();
  const told = live.devices.locator('.refused[open]');
  await expect(told).toContainText('11 × bad_json · 1 × bad_shape');
  await expect(told.getByRole('listitem')).toHaveCount(5);
  await expect(told.getByRole('listitem').first()).toContainText('l:…:{"text": "no message"}');
  await expect(told.getByRole('listitem').last()).toContainText('l:…:[{"message": "frame 7",]');
  expect(await live.devices.innerText()).not.toContain(project.key);

  // new refusals are added while it is open, and it stays open
  logger.write(`l:${project.key}:nonsense!\n`);
  await expect(summary).toHaveText('13 lines refused');
  await expect(told.getByRole('listitem').first()).toContainText('l:…:nonsense!');
  await expectAccessible(page);

  await test.step('at every size, and when the logger is gone', async () => {
    logger.destroy();
    for (const [name, size] of Object.entries({ desk: DESK, tablet: TABLET })) {
      await page.setViewportSize(size);
      await expect(told.getByRole('listitem').first()).toBeVisible();
      await page.screenshot({ path: `artifacts/shots/${test.info().project.name}/refused-${name}.png`, animations: 'disabled' });
    }
    await page.setViewportSize(PHONE);
    const tab = page.getByRole('button', { name: /^Devices ?, 13 lines refused$/ });
    await expect(tab).toBeVisible();
    await tab.click();
    await expect(told.getByRole('listitem').first()).toBeVisible();
    await expectAccessible(page);
    await page.screenshot({ path: `artifacts/shots/${test.info().project.name}/refused-phone.png`, animations: 'disabled' });
    await page.setViewportSize(DESK);
  });

  await test.step('and after a reload', async () => {
    await page.reload();
    await expect(summary).toHaveText('13 lines refused');
  });
  calm.close();
});

test('a game with a revoked key shows up before any device does', async ({ page, server, project, owner }) => {
  const headers = { origin: server.url };
  const keys = `${server.url}/api/v1/projects/${project.id}/keys`;
  const spare = (await (await owner.request.post(keys, { data: { name: 'spare' }, headers })).json()) as {
    id: number;
    key: string;
  };
  server.secrets.note(spare.key);
  expect((await owner.request.delete(`${keys}/${spare.id}`, { headers })).ok()).toBe(true);
  await open(page, server, project.live);
  await expect(page.getByText('Waiting for the first line…')).toBeVisible();
  const game = await deafLogger(server, spare.key);
  const summary = page.locator('summary', { hasText: '1 game turned away' });
  await expect(summary).toBeVisible();
  await summary.click();
  await expect(page.getByRole('listitem').filter({ hasText: 'revoked' })).toContainText('v:… from 127.0.0.1');
  await shot(page, 'turned-away');
  game.destroy();
});

/** Sends its key and never reads. */
async function deafLogger(server: Server, key: string): Promise<Socket> {
  const socket = connect(server.gamePort, server.gameHost);
  await once(socket, 'connect');
  socket.pause();
  socket.on('error', () => undefined);
  socket.write(`v:${key}\n`);
  return socket;
}
