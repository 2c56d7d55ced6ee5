/** Whether the broker is well, over HTTP.
 * @module */
import { checkOptions } from "../src/hook/check_options.ts";
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import { HttpPage, type HttpPageOptions, type Page, PAGE_OPTIONS } from "./http_page.ts";

export type { HttpPageOptions } from "./http_page.ts";
export type { HostRules } from "./web_rules.ts";

/** Options of an {@linkcode HttpHealthListener}. */
export interface HttpHealthListenerOptions extends HttpPageOptions {
  /** `host:port`, `[v6]:port` or `:port`; default `127.0.0.1:8081`, which only this machine reaches. */
  readonly address?: string;
  /** Path of the page, default both `/` and `/healthcheck`. */
  readonly path?: string;
}

/**
 * Answers 200 while the broker serves and 503 when it does not, for load balancers and supervisors. A broker whose memory is short
 * serves those who are there, so it answers 200 and says so.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { HttpHealthListener } from "@mochi/broker/listeners/http-health";
 *
 * const broker = new Broker();
 * const listener = new HttpHealthListener({ id: "health", address: "127.0.0.1:0" });
 * await broker.addListener(listener);
 * await broker.serve();
 * const response = await fetch(`http://${listener.address}`);
 * console.log(response.status, await response.text());
 * await broker.close();
 * ```
 */
export class HttpHealthListener implements Listener {
  /** Name of the listener. */
  readonly id: string;
  /** Always `http`. */
  readonly protocol: string = "http";
  #page: HttpPage;

  /**
   * Makes the listener.
   *
   * @param options where to listen
   * @throws Error that names an option that cannot be used
   */
  constructor(options: HttpHealthListenerOptions) {
    checkOptions(options, PAGE_OPTIONS);
    const { address = "127.0.0.1:8081", path } = options;
    this.id = options.id;
    this.#page = new HttpPage({
      ...options,
      address,
      paths: path === undefined ? ["/", "/healthcheck"] : [path],
      render,
    });
  }

  /** Where it listens; the real address once it does. */
  get address(): string {
    return this.#page.address;
  }

  /**
   * Starts to serve.
   *
   * @param context the broker
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext): void {
    this.#page.listen(context);
  }

  /** Stops serving. Safe to call twice. */
  close(): Promise<void> {
    return this.#page.close();
  }
}

function render(context: ListenerContext): Page {
  const healthy = context.healthy(), isShort = context.info().memoryShort === 1;
  const text = !healthy ? "unavailable\n" : isShort ? "ok, but memory is short: what is new is refused\n" : "ok\n";
  return { status: healthy ? 200 : 503, type: "text/plain; charset=utf-8", text };
}
