import type { BrowserContext, Request, Response } from '@playwright/test';

/** Anything shorter would be found by chance. */
const MIN_LENGTH = 12;
/** Fields of forms that hold a secret. */
const FIELDS = ['password', 'password_again', 'current', 'new', 'token', 'begun'];
/** A secret that a page shows once: an API token, a link's token. */
const ISSUED = /obs_[\w-]{43}|(?<=token=)[\w-]{43}/g;

/** The secret of a one-time link. */
export function tokenOf(link: string): string {
  return new URLSearchParams(new URL(link).hash.slice(1)).get('token') ?? '';
}

/** What the people and games of a test know and the program must not log. */
export class Secrets {
  readonly #known = new Set<string>();
  readonly #coming: Promise<void>[] = [];
  readonly #contexts: BrowserContext[] = [];

  note(secret: string | null | undefined): void {
    if (secret && secret.length >= MIN_LENGTH) this.#known.add(secret);
  }

  /** From now on, secrets that this browser sends and receives are known. */
  listenTo(context: BrowserContext): void {
    this.#contexts.push(context);
    context.on('request', request => this.#hearRequest(request));
    context.on('response', response => this.#coming.push(this.#hearResponse(response)));
  }

  /** The cookies that browsers have now. */
  async noteCookies(): Promise<void> {
    for (const context of this.#contexts) {
      for (const cookie of await context.cookies().catch(() => [])) this.note(cookie.value);
    }
    await Promise.all(this.#coming);
  }

  /** Lines that contain any of it: verbatim, in base64 or in hexadecimal. */
  foundIn(lines: readonly string[]): string[] {
    const spelt = [...this.#known].flatMap(secret => {
      const bytes = Buffer.from(secret);
      // the last digits depend on what follows
      const base64 = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64');
      return [secret, base64, bytes.toString('hex')];
    });
    return lines.filter(line => spelt.some(secret => line.includes(secret)));
  }

  #hearRequest(request: Request): void {
    const form = new URLSearchParams(request.postData() ?? '');
    for (const field of FIELDS) this.note(form.get(field));
    this.note(new URL(request.url()).searchParams.get('token'));
  }

  async #hearResponse(response: Response): Promise<void> {
    try {
      for (const cookie of await response.headerValues('set-cookie')) this.note(/=([^;]+)/.exec(cookie)?.[1]);
      if (response.request().method() !== 'POST' || response.status() !== 200) return;
      for (const secret of (await response.text()).match(ISSUED) ?? []) this.note(secret);
    } catch {
      // the page was left before the response arrived
    }
  }
}
