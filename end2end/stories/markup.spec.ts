import type { Page } from '@playwright/test';
import { AckingGame, createProject, expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const SCRIPT = '<script>window.canary=1</script>';
const IMAGE = '<img src=x onerror="window.canary=1">';
const DRAWING = '"><svg onload=window.canary=1>';
const MARKUP = [
  SCRIPT,
  IMAGE,
  DRAWING,
  'javascript:window.canary=1',
  '{{canary=1}} ${canary=1}',
  "'; drop table logs; --",
  '\u202Eright to left\u202C \u200Bzero width\u2066isolated\u2069\uFEFF',
  '\u001b[31mred\u001b[0m \u009b31m \u001b]0;title\u0007',
  '=HYPERLINK("http://127.0.0.1:9/")',
  '</textarea></script><!--',
  '<style>*{display:none}</style><link rel=stylesheet href=//127.0.0.1:9>',
  '<iframe srcdoc="<script>parent.canary=1</script>">',
  '&lt;b&gt; &#60;script&#62; &amp;',
  'two\nlines\r\nand\ta tab',
];

test('whatever a game says is shown, never run', async ({ page, server, owner }) => {
  const project = await createProject(owner, server, SCRIPT);
  const game = await Game.connect(server, project.key);
  game.declare(
    ...MARKUP.map((text, index) => ({ name: `v${index}`, type: 'string', value: text, help: text, label: text, unit: text })),
    { name: 'json', type: 'json', value: Object.fromEntries(MARKUP.map(text => [text, text])) },
    { name: 'choice', type: 'enum', value: MARKUP[1], options: MARKUP.slice(0, 6) },
    { name: IMAGE, type: 'integer', value: 1, min: 0, max: 9, group: DRAWING },
    { name: 'colour', type: 'color', value: '"onload="window.canary=1' },
  );
  game.log(...MARKUP.map(text => ({ message: text, level: 'warn', [text]: text })));

  const live = new LivePage(page);
  await test.step('in what the server renders', async () => {
    await expect(async () => {
      await page.goto(server.url + project.live);
      await expect(live.logLine(IMAGE)).toBeVisible({ timeout: 500 });
    }).toPass();
    await expect(page.getByText(SCRIPT).first()).toBeVisible();
    await expect(page).toHaveTitle(`${SCRIPT} – observerio`);
    await expect(live.text('v9')).toHaveValue('</textarea></script><!--');
    await expect(live.text('v0')).toHaveValue(SCRIPT);
    await hydrated(page);
    await unharmed(page);
  });
  await test.step('in what arrives live', async () => {
    game.log(...MARKUP.map(text => ({ message: `live ${text}`, level: 'error' })));
    for (const text of MARKUP.slice(0, 6)) await expect(live.logLine(`live ${text}`)).toBeVisible();
    game.declare({ name: 'late', type: 'string', value: DRAWING, label: IMAGE, group: SCRIPT, help: DRAWING, unit: IMAGE });
    await expect(live.text('late')).toHaveValue(DRAWING);
    await unharmed(page);
  });
  await test.step('in the details of a line', async () => {
    await live.logLine(`live ${IMAGE}`).click();
    await unharmed(page);
    await page.keyboard.press('Escape');
  });
  await test.step('in the list of projects', async () => {
    await open(page, server, '/');
    await expect(page.getByRole('link', { name: SCRIPT })).toBeVisible();
    await unharmed(page);
  });
  await open(page, server, project.live);
  await expect(live.logLine(`live ${IMAGE}`)).toBeVisible();
  await shot(page, 'markup');
  await unharmed(page);
  game.close();
});

test('whatever a device is called and answers is shown, never run', async ({ page, server, project }) => {
  const self = { device: IMAGE, name: IMAGE, app: SCRIPT, platform: DRAWING, sdk: 'javascript:window.canary=1' };
  const game = await AckingGame.connect(server, project.key, self);
  game.declare(
    { name: 'clamped', type: 'integer', value: 1, min: 0, max: 9 },
    { name: 'rejected', type: 'string', value: 'a' },
    { name: 'done', type: 'action', value: null, label: IMAGE },
    { name: 'failed', type: 'action', value: null },
  );
  game.judge = name =>
    name === 'clamped' ? { status: 'clamped', value: 5, reason: IMAGE } : { status: 'rejected', reason: DRAWING };
  game.act = name => {
    if (name === 'failed') throw new Error(`${SCRIPT} \u202Etxet\u202C`);
    return { [IMAGE]: DRAWING };
  };
  await game.untilStored();
  const live = new LivePage(page);
  await open(page, server, project.live);
  await expect(live.devices).toContainText(IMAGE);
  await expect(live.devices).toContainText(SCRIPT);

  await test.step('the reasons of a device', async () => {
    await live.setNumber('clamped', '7');
    await live.setText('rejected', SCRIPT);
    await expect(live.status('clamped')).toContainText('clamped');
    await expect(live.status('rejected')).toContainText('rejected');
    await live.status('clamped').click();
    await expect(live.delivery('clamped', IMAGE)).toContainText(`clamped to 5`);
    await expect(live.deliveries('clamped')).toContainText(IMAGE);
    await page.keyboard.press('Escape');
    await live.status('rejected').click();
    await expect(live.deliveries('rejected')).toContainText(DRAWING);
    await unharmed(page);
  });
  await test.step('the answers to an action', async () => {
    await page.keyboard.press('Escape');
    for (const name of ['done', 'failed']) await live.action(name).click();
    await expect(live.status('done')).toContainText('done');
    await expect(live.status('failed')).toContainText('failed');
    await live.status('done').click();
    await expect(live.deliveries('done')).toContainText('svg onload');
    await page.keyboard.press('Escape');
    await live.status('failed').click();
    await expect(live.deliveries('failed')).toContainText(SCRIPT);
    await unharmed(page);
  });
  await test.step('all of it again in what the server renders', async () => {
    await open(page, server, project.live);
    await expect(live.devices).toContainText(IMAGE);
    await unharmed(page);
  });
  game.close();
});

test('whatever a person is called is shown, never run', async ({ page, server, owner }) => {
  void owner;
  await page.context().clearCookies();
  const email = '"><img/src=x/onerror=window.canary=1>@example.org';
  const password = 'a long enough sentence';
  const made = await page.request.post(`${server.url}/users`, { data: { email, password } });
  expect(made.ok(), await made.text()).toBe(true);
  await page.goto(`${server.url}/sign-in`);
  // the browser's own validation is no protection
  await page.getByLabel('E-mail').evaluate((field: HTMLInputElement) => (field.type = 'text'));
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Projects' })).toBeVisible();
  await unharmed(page);
  await page.getByRole('link', { name: email }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(email);
  await unharmed(page);
});

test('whatever an address says is not shown as markup', async ({ page, server, owner, complaints }) => {
  void owner;
  complaints.allow(/404/, /Failed to load resource/);
  for (const text of [SCRIPT, IMAGE, DRAWING]) {
    const said = encodeURIComponent(text);
    for (const path of [`/?error=${said}`, `/setup?token=${said}&error=${said}`, `/${said}`, `/p/${said}/live`]) {
      await page.goto(server.url + path);
      await unharmed(page);
    }
  }
});

/** Nothing ran, and none of it became an element. */
async function unharmed(page: Page): Promise<void> {
  const harm = await page.evaluate(() => ({
    canary: 'canary' in window || Boolean(document.querySelector('[onerror], [onload], iframe, [href^="javascript:"]')),
    images: document.querySelectorAll('img[src="x"]').length,
    styles: document.querySelectorAll('style').length,
  }));
  expect(harm).toEqual({ canary: false, images: 0, styles: 0 });
}
