import { type Browser, type BrowserContext, type Page, test as base, expect } from '@playwright/test';
import { AckingGame } from './acking-game.ts';
import { exactJson, Game } from './game.ts';
import { tokenOf } from './secrets.ts';
import { Server } from './server.ts';

export { AckingGame, expect, exactJson, Game, Server };

/** A project of the owner. */
export interface Project {
  id: string;
  key: string;
  /** Path of its live page */
  live: string;
}

interface Fixtures {
  /** A server of this test alone. */
  server: Server;
  /** What browsers complained about. Any entry fails the test. */
  complaints: Complaints;
  /** The test's browser is signed in as the owner. */
  owner: BrowserContext;
  /** A project of the owner, without games. */
  project: Project;
  /** Another signed-in browser. */
  another: () => Promise<Page>;
  /** A browser that is not signed in. */
  stranger: () => Promise<Page>;
}

/** Console errors and warnings, uncaught errors and failed requests of all pages. */
export class Complaints {
  readonly heard: string[] = [];
  readonly #allowed: RegExp[] = [];

  /** Allows complaints of these kinds, earlier ones too. */
  allow(...kinds: RegExp[]): void {
    this.#allowed.push(...kinds);
  }

  get unexpected(): string[] {
    return this.heard.filter(complaint => !this.#allowed.some(kind => kind.test(complaint)));
  }

  listenTo(context: BrowserContext): void {
    // when browsers report this depends on their version and on the length of the story; fonts.spec.ts checks what is used
    const tooEarly = /was preloaded using link preload but not used/;
    context.on('console', message => {
      if (tooEarly.test(message.text())) return;
      if (['error', 'warning'].includes(message.type())) this.heard.push(`console: ${message.text()}`);
    });
    context.on('weberror', error => this.heard.push(`uncaught: ${error.error().message}`));
    context.on('requestfailed', request => {
      // leaving a page aborts loading it, its program or its icon, and what it was asking the server, which is fine
      const isOfPage = request.isNavigationRequest() || /\/pkg\/|\/favicon\.svg$|\/api\/\w+$/.test(request.url());
      const left = request.failure()?.errorText === 'net::ERR_ABORTED' && isOfPage;
      if (left) return;
      this.heard.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
    });
    context.on('response', response => {
      if (response.status() >= 400) this.heard.push(`${response.status()}: ${response.url()}`);
    });
  }
}

export const test = base.extend<Fixtures>({
  server: async ({}, use, testInfo) => {
    const server = await Server.boot();
    await use(server);
    await server.dispose();
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('server', { body: server.said.join('\n'), contentType: 'text/plain' });
    }
    expect(server.secrets.foundIn(server.log), 'secrets in the log').toEqual([]);
  },

  complaints: async ({}, use) => {
    const complaints = new Complaints();
    await use(complaints);
    expect(complaints.unexpected, 'complaints of the browser').toEqual([]);
  },

  context: async ({ context, complaints, server }, use) => {
    // the server outlives the browser, so that no page loses its connection at the end
    server.secrets.listenTo(context);
    complaints.listenTo(context);
    await use(context);
    await server.secrets.noteCookies();
    // pages close before the server does, and before complaints are counted
    await Promise.all(context.pages().map(page => page.close()));
  },

  owner: async ({ context, server }, use) => {
    const answer = await context.request.post(server.setUpLink ?? '', { form: { token: setUpToken(server) } });
    expect(answer.ok(), await answer.text()).toBe(true);
    await server.secrets.noteCookies();
    await use(context);
  },

  project: async ({ owner, server }, use) => {
    await use(await createProject(owner, server, 'Test game'));
  },

  another: async ({ browser, owner, complaints, server, colorScheme }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await secondBrowser(browser, owner, colorScheme);
      complaints.listenTo(context);
      server.secrets.listenTo(context);
      contexts.push(context);
      return context.newPage();
    });
    await server.secrets.noteCookies();
    await Promise.all(contexts.map(context => context.close()));
  },

  stranger: async ({ browser, complaints, server, colorScheme, javaScriptEnabled }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ colorScheme, javaScriptEnabled });
      complaints.listenTo(context);
      server.secrets.listenTo(context);
      contexts.push(context);
      return context.newPage();
    });
    await server.secrets.noteCookies();
    await Promise.all(contexts.map(context => context.close()));
  },
});

/** Creates a project with the form, and reads its key from the page. */
export async function createProject(owner: BrowserContext, server: Server, name: string): Promise<Project> {
  // a session counts only with an origin, which browsers send with every form
  const headers = { origin: server.url };
  const page = await owner.request.post(`${server.url}/projects`, { form: { name }, headers });
  expect(page.ok(), await page.text()).toBe(true);
  const live = new URL(page.url()).pathname;
  const id = /^\/p\/([^/]+)\/live$/.exec(live)?.[1] ?? '';
  const key = /v:([0-9a-z]{12})/.exec(await page.text())?.[1] ?? '';
  server.secrets.note(key);
  expect([id, key].every(Boolean), `project page ${live} shows its key`).toBe(true);
  return { id, key, live };
}

/**
 * Opens a path and waits for hydration. On the live page that is when it says that it is connected: the project is hydrated
 * a moment after the page around it.
 */
export async function open(page: Page, server: Server, path: string): Promise<void> {
  await page.goto(server.url + path);
  await hydrated(page);
  const state = page.locator('.link-state');
  if ((await state.count()) > 0) await expect(state).toContainText('Connected');
}

/** Waits for hydration. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
}

/** Keeps screenshots of the page for people, at desktop and phone size. */
export async function shot(page: Page, name: string): Promise<void> {
  const theme = test.info().project.name;
  const before = page.viewportSize();
  for (const [width, height] of [[1440, 900], [390, 844]] as const) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `artifacts/shots/${theme}/${name}-${width}.png`, fullPage: true, animations: 'disabled' });
  }
  if (before) await page.setViewportSize(before);
}

function setUpToken(server: Server): string {
  return tokenOf(server.setUpLink ?? '');
}

async function secondBrowser(
  browser: Browser,
  owner: BrowserContext,
  colorScheme: 'dark' | 'light' | 'no-preference' | null | undefined,
): Promise<BrowserContext> {
  return browser.newContext({ storageState: await owner.storageState(), colorScheme });
}
