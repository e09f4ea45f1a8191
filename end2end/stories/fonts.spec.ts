import type { Page } from '@playwright/test';
import { Game, expect, hydrated, test } from '../support/fixtures.ts';

for (const [width, height] of [[1440, 900], [390, 844]] as const) {
  test(`at ${width} px a page loads beforehand the fonts that it uses, and no other`, async ({ page, server, owner, project }) => {
    await page.setViewportSize({ width, height });
    const game = await Game.connect(server, project.key);
    game.declare({ name: 'speed', type: 'integer', value: 1, min: 0, max: 9 });
    game.log({ message: 'hello' });
    const drawn = async () => (await page.request.get(server.url + project.live)).text();
    await expect.poll(drawn, 'the server renders it all').toContain('hello');
    const made = await owner.request.post(`${server.url}/projects`, { form: { name: 'Empty' }, headers: { origin: server.url } });
    server.secrets.note(/v:([0-9a-z]{12})/.exec(await made.text())?.[1]);

    const settings = `/p/${project.id}/settings`;
    const live = [project.live, `${project.live}?pane=logs`, `${project.live}?pane=devices`, new URL(made.url()).pathname];
    const others = ['/', settings, `${settings}/members`, `${settings}/keys`, `${settings}/schema`, `${settings}/audit`];
    const people = ['/account', '/account/tokens', '/accounts', '/audit'];
    for (const path of [...live, ...others, ...people]) {
      await page.goto(server.url + path);
      await hydrated(page);
      await expectUsed(page, path);
    }
    game.close();
  });
}

test('so do the pages of people who are not signed in, and the reference', async ({ page, server }) => {
  for (const path of ['/sign-in', '/setup', '/join', '/reset']) {
    await page.goto(server.url + path);
    await hydrated(page);
    await expectUsed(page, path);
  }
  // it has no program: its fonts come with the style sheet
  await page.goto(`${server.url}/docs/api`);
  await expect(page.locator('link[rel=preload]')).toHaveCount(0);
});

/** Every preload was used, and loaded once. */
async function expectUsed(page: Page, where: string): Promise<void> {
  const { wanted, used, loads } = await page.evaluate(async () => {
    await document.fonts.ready;
    const name = (address: string) => new URL(address, location.href).pathname.split('/').pop() ?? '';
    const preloads = document.querySelectorAll<HTMLLinkElement>('link[rel=preload][as=font]');
    const faces = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules]).filter(rule => rule instanceof CSSFontFaceRule);
    // the browser requests a face when text needs it, and only then reports it as loaded
    const loaded = new Set([...document.fonts].filter(face => face.status === 'loaded').map(face => face.family.replaceAll('"', '')));
    const used = faces
      .filter(({ style }) => loaded.has(style.getPropertyValue('font-family').replaceAll('"', '')))
      .flatMap(({ style }) => /url\("?([^")]+)/.exec(style.getPropertyValue('src'))?.[1] ?? []);
    const loads = performance.getEntriesByType('resource').map(({ name: address }) => name(address)).filter(file => file.endsWith('.woff2'));
    return { wanted: [...preloads].map(({ href }) => name(href)), used: used.map(name), loads };
  });
  expect(wanted, `${where}: the font of its words`).toContain('inter.woff2');
  expect(wanted.filter(font => !used.includes(font)), `${where}: loaded beforehand for nothing`).toEqual([]);
  expect(loads.length, `${where}: each font once`).toBe(new Set(loads).size);
}
