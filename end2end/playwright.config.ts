import { defineConfig, type PlaywrightTestConfig } from '@playwright/test';

/** What stories and measurements share: Debian's Chromium, and artifacts for people to look at. */
export const shared: PlaywrightTestConfig = {
  outputDir: 'artifacts/traces',
  forbidOnly: !!process.env.CI,
  retries: 0,
  reporter: [['list']],
  timeout: 120_000,
  expect: { timeout: 10_000 },
  use: {
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.OBSERVERIO_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        // there is no sandbox for root in a container; the pages are our own
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
};

/** Stories whose outcome depends on the theme: contrast, colours, pictures of every page. The rest runs once. */
const looks = /(accessible|colours|first-run|forced-colors|looks|phone|sign-in|team-pages)\.spec\.ts/;

export default defineConfig({
  ...shared,
  testDir: 'stories',
  fullyParallel: true,
  workers: 2,
  // if hydration itself is broken, every story waits for its full two minutes
  maxFailures: 8,
  projects: [
    { name: 'dark', use: { colorScheme: 'dark' } },
    {
      name: 'light',
      use: { colorScheme: 'light' },
      ...(process.env.OBSERVERIO_STORIES === 'all' ? {} : { testMatch: looks, grepInvert: /without JavaScript/ }),
    },
  ],
});
