/** MQTT over WebSocket within any `fetch` handler: `Deno.serve`, `deno serve`, Deno Deploy. No port of its own.
 * @module */
import type { Listener, ListenerContext } from "../src/broker/listener.ts";
import { formatPeer } from "./address.ts";
import { type Refusal, UpgradeGate, type UpgradeRequest, type WebSocketRules } from "./websocket_rules.ts";
import { RuntimeWebSocket } from "./websocket_socket.ts";

export type { WebSocketRules } from "./websocket_rules.ts";

/** What a server tells a handler of a request; `Deno.ServeHandlerInfo` is one. */
export interface FetchInfo {
  /** Address of the peer. */
  readonly remoteAddr?: Deno.Addr;
}

/** Options of a {@linkcode FetchListener}. */
export interface FetchListenerOptions extends WebSocketRules {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** Answers every request that is no WebSocket at this endpoint's path; default: a text that says what is here. */
  readonly fallback?: (request: Request, info?: FetchInfo) => Response | Promise<Response>;
  /** Bytes of one client that may wait to be read before it is disconnected, default 8,388,608. */
  readonly maximumBuffered?: number;
  /** Seconds of silence after which the runtime asks a peer for a sign of life, default 120; 0 turns it off. */
  readonly idleTimeout?: number;
}

/**
 * Answers WebSocket requests that carry MQTT, and leaves the others to the application.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { FetchListener } from "@mochi/broker/listeners/fetch";
 *
 * const broker = new Broker();
 * const mqtt = new FetchListener({ id: "web", path: "/mqtt", fallback: () => new Response("Hello") });
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
  /** Path of the endpoint. */
  readonly address: string;
  /** The handler. It is bound: `Deno.serve(listener.fetch)` and `export default { fetch: listener.fetch }` work. */
  readonly fetch: (request: Request, info?: FetchInfo) => Response | Promise<Response>;
  #options: FetchListenerOptions;
  #gate: UpgradeGate;
  #context: ListenerContext | undefined = undefined;

  /**
   * Makes the listener.
   *
   * @param options path, rules and what the other requests get
   */
  constructor(options: FetchListenerOptions) {
    this.id = options.id;
    this.address = options.path ?? "/";
    this.#options = options;
    this.#gate = new UpgradeGate(options);
    this.fetch = (request, info) => this.#answer(request, info);
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   */
  listen(context: ListenerContext): void {
    if (this.#context !== undefined) throw new Error(`Cannot listen twice: ${this.id} listens already`);
    this.#context = context;
  }

  /** Stops accepting: WebSockets get 503, the other requests are answered as before. Safe to call twice. */
  close(): void {
    this.#context = undefined;
  }

  #answer(request: Request, info?: FetchInfo): Response | Promise<Response> {
    const parts = partsOf(request), { fallback } = this.#options;
    if (fallback !== undefined && !this.#gate.concerns(parts)) return fallback(request, info);
    const verdict = this.#gate.judge(parts);
    if ("status" in verdict) return refusal(verdict);
    if (this.#context === undefined) return new Response("The broker is not running.\n", { status: 503 });
    return this.#upgrade(request, info, verdict.protocol);
  }

  #upgrade(request: Request, info: FetchInfo | undefined, protocol: string): Response {
    const remoteAddress = info?.remoteAddr === undefined ? "" : formatPeer(info.remoteAddr); // gone after the upgrade
    const { maximumBuffered = 8_388_608, idleTimeout = 120 } = this.#options;
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol, idleTimeout });
    const adapted = new RuntimeWebSocket(socket, { remoteAddress, maximumBuffered });
    socket.onopen = () => {
      if (this.#context === undefined) adapted.close(); // closed in between
      else this.#context.accept(adapted);
    };
    return response;
  }
}

function partsOf(request: Request): UpgradeRequest {
  const { pathname } = new URL(request.url);
  return { method: request.method, path: pathname, header: (name) => request.headers.get(name) };
}

function refusal({ status, message, headers }: Refusal): Response {
  return new Response(message, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}
