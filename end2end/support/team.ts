import { expect, type Page } from '@playwright/test';
import type { Project, Server } from './fixtures.ts';

/** Not easy to guess. */
export const PASSWORD = 'a long enough sentence';

export type Role = 'viewer' | 'designer' | 'admin';

/** The pages of a project's settings, as an admin sees them. */
export class Settings {
  constructor(
    readonly page: Page,
    readonly server: Server,
    readonly project: Project,
  ) {}

  async members(): Promise<void> {
    await this.page.goto(`${this.server.url}/p/${this.project.id}/settings/members`);
  }

  async keys(): Promise<void> {
    await this.page.goto(`${this.server.url}/p/${this.project.id}/settings/keys`);
  }

  /** One row of a list. */
  row(name: string) {
    return this.page.locator('.row').filter({ hasText: name });
  }

  /** Creates an invitation and reads its link, which is shown only once. */
  async invite(role: Role, note = ''): Promise<string> {
    await this.members();
    await this.page.getByRole('combobox', { name: 'Role', exact: true }).selectOption(role);
    await this.page.getByLabel('Note').fill(note);
    await this.page.getByRole('button', { name: 'Create link' }).click();
    const link = await this.page.getByRole('textbox', { name: 'Invitation link' }).inputValue();
    expect(link).toMatch(new RegExp(`^${this.server.url}/join#token=[\\w-]{43}$`));
    return link;
  }

  async setRole(name: string, role: Role): Promise<void> {
    await this.members();
    await this.page.getByRole('combobox', { name: `Role of ${name}` }).selectOption(role);
    await this.row(name).getByRole('button', { name: 'Change' }).click();
    await expect(this.page.getByRole('combobox', { name: `Role of ${name}` })).toHaveValue(role);
  }

  async remove(name: string): Promise<void> {
    await this.members();
    await this.row(name).getByRole('button', { name: `Remove… ${name}` }).click();
    await this.page.getByRole('dialog').getByRole('button', { name: `Remove ${name}` }).click();
    await expect(this.row(name)).toHaveCount(0);
  }
}

/** Opens a one-time link, whose page takes the secret out of the address and posts it. */
export async function openLink(page: Page, link: string): Promise<void> {
  const posted = page.waitForResponse(response => response.request().method() === 'POST');
  await page.goto(link);
  await (await posted).finished();
  // the form that asks for the link is gone
  await expect(page.locator('input[name=open]')).toHaveCount(0);
}

/** The same for a browser without scripts. */
export async function pasteLink(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel('Link', { exact: true }).fill(link);
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Creates an account from an invitation, and ends on the project's live page. */
export async function joinWithNewAccount(
  page: Page,
  link: string,
  email: string,
  { javaScript = true } = {},
): Promise<void> {
  if (javaScript) await openLink(page, link);
  else await pasteLink(page, link);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in or create an account, then join' }).click();
  await expect(page).toHaveURL(/\/p\/\d+\/live$/);
}

export async function signIn(page: Page, server: Server, email: string, password = PASSWORD): Promise<void> {
  await page.goto(`${server.url}/sign-in`);
  await fillSignIn(page, email, password);
}

export async function fillSignIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
