import { expectAccessible } from '../support/axe.ts';
import { expect, shot, test } from '../support/fixtures.ts';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

test('everybody can read the HTTP API reference, which has no script', async ({ page, server }) => {
  const loaded: string[] = [];
  page.on('request', request => loaded.push(`${request.resourceType()} ${new URL(request.url()).origin}`));
  await page.goto(`${server.url}/docs/api`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('HTTP API');

  const name = 'PUT /api/v1/projects/{project}/variables/{name}';
  await page.getByRole('navigation', { name: 'Operations' }).getByRole('link', { name }).click();
  const operation = page.getByRole('article').filter({ has: page.getByRole('heading', { name, exact: true }) });
  await expect(operation.getByRole('heading')).toBeInViewport();
  await expect(operation).toContainText('curl -X PUT');
  await operation.getByRole('link', { name: 'NewValue' }).click();
  await expect(page.getByRole('heading', { name: 'NewValue', exact: true })).toBeInViewport();

  // anything that the browser complains about, such as a breach of the page's policy, fails any story
  expect([...new Set(loaded)].filter(what => /script|fetch|xhr/.test(what) || !what.endsWith(server.url))).toEqual([]);
  expect(await page.locator('script').count()).toBe(0);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await expectAccessible(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, `at ${size.width} px it scrolls sideways`).toBeLessThanOrEqual(0);
  }
  await page.goto(`${server.url}/docs/api`);
  await shot(page, 'reference');
});
