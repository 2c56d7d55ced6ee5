/** One page over HTTP: what the listeners for statistics and health have in common.
 * @module */
import type { ListenerContext } from "../src/broker/core/listener.ts";
import { type Address, parseAddress } from "./address.ts";
import { addressOf, bind } from "./bind.ts";
import { BAD_HOST, pathOf } from "./request_path.ts";

/** Status, type and text of a page. */
export interface Page {
  /** HTTP status. */
  readonly status: number;
  /** Media type. */
  readonly type: string;
  /** The text. */
  readonly text: string;
}

/** What an {@linkcode HttpPage} shows and where. */
export interface HttpPageOptions {
  /** `host:port`. */
  readonly address: string;
  /** Paths at which the page is. */
  readonly paths: readonly string[];
  /** Makes the page. */
  render(context: ListenerContext): Page;
}

/** Serves one page to GET and HEAD. Nothing changes anything, and no other origin may read it in a browser. */
export class HttpPage {
  /** Where it listens; the real address once it does. */
  address: string;
  #options: HttpPageOptions;
  #servers: Deno.HttpServer<Deno.NetAddr>[] = [];

  /**
   * Makes one.
   *
   * @param options what and where
   * @throws Error when the address is not one
   */
  constructor(options: HttpPageOptions) {
    parseAddress(options.address);
    this.address = options.address;
    this.#options = options;
  }

  /**
   * Starts to serve.
   *
   * @param context the broker
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext): void {
    if (this.#servers.length > 0) throw new Error(`Cannot listen twice: there is a page on ${this.address}`);
    const handler = (request: Request) => this.#answer(request, context);
    const open = (address: Address) => Deno.serve({ ...address, onListen() {}, handler });
    this.#servers = bind(this.#options.address, open);
    this.address = addressOf(this.#options.address, this.#servers);
  }

  /** Stops. Safe to call twice. */
  async close(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    await Promise.all(servers.map((server) => server.shutdown()));
  }

  #answer(request: Request, context: ListenerContext): Response {
    const path = pathOf(request);
    if (path === undefined) return plain(400, `${BAD_HOST}\n`);
    if (!this.#options.paths.includes(path)) return plain(404, "Not found.\n");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plain(405, "Only GET and HEAD work here.\n", { allow: "GET, HEAD" });
    }
    const { status, type, text } = this.#options.render(context);
    const headers = { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" };
    return new Response(request.method === "HEAD" ? null : text, { status, headers });
  }
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}
