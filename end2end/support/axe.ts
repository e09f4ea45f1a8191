import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { expect } from './fixtures.ts';

const SOURCE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The page as it is breaks no rule of WCAG 2.2 A or AA. */
export async function expectAccessible(page: Page): Promise<void> {
  // through the debugger and not as a <script>, which the page's security policy forbids
  await page.evaluate(await readFile(SOURCE, 'utf8'));
  const results = await page.evaluate(
    rules => (globalThis as unknown as { axe: Axe }).axe.run(document, { runOnly: rules }),
    RULES,
  );
  const broken = results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(node => `${id}: ${help}: ${node.html.slice(0, 200)} ${node.failureSummary ?? ''}`),
  );
  expect(broken, `accessibility of ${page.url()}`).toEqual([]);
}

interface Axe {
  run(context: Document, options: { runOnly: string[] }): Promise<AxeResults>;
}
