import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Another web site on this machine: one blank page, free to do whatever browsers allow. */
export class Elsewhere {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The cookies that browsers sent with each request. */
  readonly cookies: string[] = [];

  readonly #server: HttpServer;

  private constructor(server: HttpServer) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async open(): Promise<Elsewhere> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const elsewhere = new Elsewhere(server);
    server.on('request', (request, response) => {
      elsewhere.cookies.push(request.headers.cookie ?? '');
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!doctype html><link rel="icon" href="data:,"><title>Elsewhere</title><p>You have won.</p>');
    });
    return elsewhere;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
