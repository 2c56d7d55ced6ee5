/** The broker's counters over HTTP, for people and monitoring.
 * @module */
import { checkOptions } from "../src/hook/check_options.ts";
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import { HttpPage, type HttpPageOptions, type Page, PAGE_OPTIONS } from "./http_page.ts";

export type { HttpPageOptions } from "./http_page.ts";
export type { HostRules } from "./web_rules.ts";

/** Options of an {@linkcode HttpStatsListener}. */
export interface HttpStatsListenerOptions extends HttpPageOptions {
  /** `host:port`, `[v6]:port` or `:port`; default `127.0.0.1:8080`, which only this machine reaches. */
  readonly address?: string;
  /** Path of the page, default `/`. */
  readonly path?: string;
}

/**
 * Shows the values of `$SYS` as JSON. The names are those of the last part of the topics: `bytes_received`, ...
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { HttpStatsListener } from "@mochi/broker/listeners/http-stats";
 *
 * const broker = new Broker();
 * const listener = new HttpStatsListener({ id: "stats", address: "127.0.0.1:0" });
 * await broker.addListener(listener);
 * await broker.serve();
 * const response = await fetch(`http://${listener.address}`);
 * console.log(response.status, await response.text());
 * await broker.close();
 * ```
 */
export class HttpStatsListener implements Listener {
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
  constructor(options: HttpStatsListenerOptions) {
    checkOptions(options, PAGE_OPTIONS);
    const { address = "127.0.0.1:8080", path = "/" } = options;
    this.id = options.id;
    this.#page = new HttpPage({ ...options, address, paths: [path], render });
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
  const values = Object.entries(context.info()).map(([name, value]) => [snakeCase(name), value]);
  const text = JSON.stringify(Object.fromEntries(values), undefined, 2);
  return { status: 200, type: "application/json; charset=utf-8", text: `${text}\n` };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
