import { defineConfig } from '@playwright/test';
import { shared } from './playwright.config.ts';

// what a server logs at trace level would be measured, too
process.env.OBSERVERIO_STORY_LOG = 'info';

/** Measurements, not verdicts: `npm run measure`. One at a time, so that they don't disturb each other. */
export default defineConfig({
  ...shared,
  testDir: 'measure',
  testMatch: '*.measure.ts',
  workers: 1,
  timeout: 600_000,
  use: { ...shared.use, colorScheme: 'dark', trace: 'off' },
});
