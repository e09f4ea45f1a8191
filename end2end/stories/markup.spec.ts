import { createProject, expect, Game, hydrated, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

const MARKUP = [
  '<script>window.canary=1</script>',
  '<img src=x onerror="window.canary=1">',
  '"><svg onload=window.canary=1>',
  'javascript:window.canary=1',
  '{{canary=1}} ${canary=1}',
  "'; drop table logs; --",
  '\u202Eright to left\u202C \u200Bzero width',
  '\u001b[31mred\u001b[0m',
  '=HYPERLINK("http://127.0.0.1:9/")',
  '</textarea></script><!--',
];

test('whatever a game says is shown, never run', async ({ page, server, owner }) => {
  const name = MARKUP[0] ?? '';
  const project = await createProject(owner, server, name);
  const game = await Game.connect(server, project.key);
  game.declare(
    ...MARKUP.map((text, index) => ({ name: `v${index}.${text}`.slice(0, 60), type: 'string', value: text, help: text })),
    { name: 'choice', type: 'enum', value: MARKUP[1], options: MARKUP.slice(0, 6) },
  );
  game.log(...MARKUP.map(text => ({ message: text, level: 'warn', [text]: text })));

  const live = new LivePage(page);
  await test.step('in what the server draws', async () => {
    await page.goto(server.url + project.live);
    await expect(page.getByText(name).first()).toBeVisible();
    await hydrated(page);
  });
  await test.step('in what comes live', async () => {
    game.log(...MARKUP.map(text => ({ message: `live ${text}`, level: 'error' })));
    for (const text of MARKUP.slice(0, 6)) await expect(live.logLine(`live ${text}`)).toBeVisible();
  });
  await test.step('in the list of projects', async () => {
    await open(page, server, '/');
    await expect(page.getByRole('link', { name })).toBeVisible();
  });
  await open(page, server, project.live);
  await expect(live.logLine(`live ${MARKUP[1]}`)).toBeVisible();
  await shot(page, 'markup');
  expect(await page.evaluate(() => 'canary' in window)).toBe(false);
  game.close();
});
