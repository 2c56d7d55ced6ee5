/** MQTT over WebSocket within any `fetch` handler: `Deno.serve`, `deno serve`, Deno Deploy. No port of its own.
 *
 * HTTP and WebSockets are the runtime's here, with what it does not limit: a client can make it gather memory, and keep file
 * descriptors. Where strangers may connect, a `WebSocketListener` on a port of its own is the safe way.
 * @module */
import { checkOptions, type Kinds } from "../src/hook/check_options.ts";
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import { tellOfRefusedRequest } from "./http_refusal.ts";
import {
  type FetchInfo,
  type RuntimeWebSocketOptions,
  type SocketTaker,
  WebSocketEndpoint,
} from "./websocket_endpoint.ts";
import { RULES } from "./websocket_rules.ts";

export type { FetchInfo, RuntimeWebSocketOptions } from "./websocket_endpoint.ts";
export type { HostRules, OriginRules } from "./web_rules.ts";
export type { WebSocketRules } from "./websocket_rules.ts";

/** Options of a {@linkcode FetchListener}. */
export interface FetchListenerOptions extends RuntimeWebSocketOptions {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** Answers every request that is no WebSocket at this endpoint's path; default: a text that says what is here. */
  readonly fallback?: (request: Request, info?: FetchInfo) => Response | Promise<Response>;
}

const OPTIONS: Kinds<FetchListenerOptions> = {
  ...RULES,
  id: "string",
  fallback: "function",
  maximumBuffered: [1, Infinity],
  idleTimeout: [0, Infinity],
};

/**
 * Answers WebSocket requests that carry MQTT, and leaves the others to the application.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { FetchListener } from "@mochi/broker/listeners/fetch";
 *
 * const broker = new Broker();
 * const mqtt = new FetchListener({ id: "web", paths: ["/mqtt"], fallback: () => new Response("Hello") });
 * await broker.addListener(mqtt);
 * await broker.serve();
 *
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0 }, mqtt.fetch);
 * await server.shutdown();
 * await broker.close();
 * ```
 */
export class FetchListener implements Listener {
  /** Name of the listener. */
  readonly id: string;
  /** Always `ws`. */
  readonly protocol: string = "ws";
  /** First path of the endpoint. */
  readonly address: string;
  /** The handler. It is bound: `Deno.serve(listener.fetch)` and `export default { fetch: listener.fetch }` work. */
  readonly fetch: (request: Request, info?: FetchInfo) => Response | Promise<Response>;
  #endpoint: WebSocketEndpoint;
  #fallback: FetchListenerOptions["fallback"];
  #taker: SocketTaker | undefined = undefined;

  /**
   * Makes the listener.
   *
   * @param options paths, rules and what the other requests get
   * @throws Error that names an option that cannot be used
   */
  constructor(options: FetchListenerOptions) {
    checkOptions(options, OPTIONS);
    this.id = options.id;
    this.#endpoint = new WebSocketEndpoint(options);
    this.address = this.#endpoint.paths[0];
    this.#fallback = options.fallback;
    this.fetch = (request, info) => this.#answer(request, info);
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   */
  listen(context: ListenerContext): void {
    if (this.#taker !== undefined) throw new Error(`Cannot listen twice: ${this.id} listens already`);
    this.#taker = {
      accept: (socket) => context.accept(socket),
      refused: (refusal, remote) => tellOfRefusedRequest(context.logger, refusal, { listener: this.id, remote }),
    };
  }

  /** Stops accepting: WebSockets get 503, the other requests are answered as before. Safe to call twice. */
  close(): void {
    this.#taker = undefined;
  }

  #answer(request: Request, info?: FetchInfo): Response | Promise<Response> {
    if (this.#fallback !== undefined && !this.#endpoint.concerns(request)) return this.#fallback(request, info);
    return this.#endpoint.answer(request, info, () => this.#taker);
  }
}
