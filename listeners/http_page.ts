/** One page over HTTP: what the listeners for statistics and health have in common.
 * @module */
import type { Kinds } from "../src/hook/check_options.ts";
import type { ListenerContext } from "../src/broker/core/listener.ts";
import { parseAddress } from "./address.ts";
import type { HttpAnswer } from "./http_exchange.ts";
import { HttpPort } from "./http_port.ts";
import type { HttpRequest } from "./http_request.ts";
import { isLoopback } from "./loopback.ts";
import { TcpListener } from "./tcp.ts";
import { checkForm, PATH } from "./text_forms.ts";
import { HostGate, type HostRules, WRONG_HOST } from "./web_rules.ts";

/** Options that all pages have. */
export interface HttpPageOptions extends HostRules {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** Seconds in which a request has to arrive and to be answered; more than 0 to 3,600, default 10. */
  readonly requestTimeout?: number;
}

/** What the options of a page have to be, with those of the listeners. */
export const PAGE_OPTIONS: Kinds<HttpPageOptions & { address: string; path: string }> = {
  id: "string",
  address: "any",
  path: "any",
  requestTimeout: "any",
  allowedHosts: "list",
};

/** Status, type and text of a page. */
export type Page = Required<Pick<HttpAnswer, "status" | "type" | "text">>;

/** What an {@linkcode HttpPage} shows and where. */
export interface HttpPageSetup extends HttpPageOptions {
  /** `host:port`. */
  readonly address: string;
  /** Paths at which the page is. */
  readonly paths: readonly string[];
  /** Makes the page. */
  render(context: ListenerContext): Page;
}

/** Serves one page to GET and HEAD. Nothing changes anything, and no other origin may read it in a browser. */
export class HttpPage {
  #setup: HttpPageSetup;
  #port: HttpPort;
  #hosts: HostGate;

  /**
   * Makes one.
   *
   * @param setup what and where
   * @throws Error when the address is not one, or an option cannot be used
   */
  constructor(setup: HttpPageSetup) {
    checkForm({ name: "path", values: setup.paths }, PATH);
    this.#setup = setup;
    const { id, address, requestTimeout } = setup;
    this.#port = new HttpPort(new TcpListener({ id, address }), requestTimeout);
    this.#hosts = new HostGate(setup, isLoopback(parseAddress(address).hostname));
  }

  /** Where it listens; the real address once it does. */
  get address(): string {
    return this.#port.address;
  }

  /**
   * Starts to serve.
   *
   * @param context the broker
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext): void {
    this.#port.listen(context, (request) => this.#answer(request, context));
  }

  /** Stops. Safe to call twice. */
  async close(): Promise<void> {
    await this.#port.close();
  }

  #answer({ method, path, hostname }: HttpRequest, context: ListenerContext): HttpAnswer {
    if (!this.#hosts.allows(hostname)) return { status: 403, text: `${WRONG_HOST}\n` };
    if (!this.#setup.paths.includes(path)) return { status: 404, text: "Not found.\n" };
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, text: "Only GET and HEAD work here.\n", headers: { allow: "GET, HEAD" } };
    }
    const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
    return { ...this.#setup.render(context), headers };
  }
}
