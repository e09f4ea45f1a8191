import { expect, Game, open, shot, test } from '../support/fixtures.ts';
import { LivePage } from '../support/live-page.ts';

// the browser is in Europe/Berlin: two hours ahead of UTC in summer, one in winter
test('each time uses the offset of its season, with its date, in rows and details', async ({ page, server, project }) => {
  const game = await Game.connect(server, project.key);
  game.declare({ name: 'speed', type: 'integer', value: 1 });
  game.log(
    { message: 'in summer', timestamp: '2020-07-15T12:00:00.25Z' },
    { message: 'in winter', timestamp: '2020-01-15T12:00:00.25Z' },
    { message: 'just now' },
  );
  const live = new LivePage(page);
  await open(page, server, project.live);

  await test.step('a row of another year shows its date, and the time in its tooltip', async () => {
    await expect(live.logLine('in summer').locator('time')).toHaveText('15 Jul 2020');
    await expect(live.logLine('in summer').locator('time')).toHaveAttribute('title', '15 Jul 2020, 14:00:00.250 UTC+02:00');
    await expect(live.logLine('in winter').locator('time')).toHaveAttribute('title', '15 Jan 2020, 13:00:00.250 UTC+01:00');
    await expect(live.logLine('just now').locator('time')).toHaveText(/^\d\d:\d\d:\d\d\.\d{3}$/);
  });

  await test.step('the day is above its lines', async () => {
    const today = await page.evaluate(() => {
      const part = (options: Intl.DateTimeFormatOptions) => new Date().toLocaleDateString('en-US', options);
      return `${part({ weekday: 'short' })}, ${part({ day: 'numeric' })} ${part({ month: 'short' })} ${part({ year: 'numeric' })}`;
    });
    await expect(live.log.locator('.log-day')).toHaveText(today);
  });

  await test.step('details name the zone', async () => {
    await live.logLine('in summer').click();
    const detail = page.getByRole('complementary', { name: 'Selected log line' });
    await expect(detail.getByRole('row', { name: 'time' }).getByRole('cell')).toHaveText(
      '15 Jul 2020, 14:00:00.250 UTC+02:00 (Europe/Berlin) · 2020-07-15T12:00:00.250Z',
    );
    await shot(page, 'log-times');
  });

  await test.step('the audit trail uses the same zone', async () => {
    await page.goto(new URL(`/p/${project.id}/settings/audit`, server.url).href);
    await expect(page.getByText('Times are in Europe/Berlin.')).toBeVisible();
    const time = page.locator('.trail-entry time').first();
    const at = await time.getAttribute('datetime');
    const local = await page.evaluate(at => new Date(at).toLocaleTimeString('en-GB'), at ?? '');
    await expect(time).toContainText(local);
  });
  game.close();
});
