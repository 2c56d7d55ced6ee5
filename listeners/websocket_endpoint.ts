/** Requests for a WebSocket, answered with one or with why there is none.
 * @module */
import { formatPeer } from "./address.ts";
import { pathOf } from "./request_path.ts";
import { type Refusal, UpgradeGate, type UpgradeRequest, type WebSocketRules } from "./websocket_rules.ts";
import { RuntimeWebSocket } from "./websocket_socket.ts";

/** Options that all WebSocket listeners have. */
export interface WebSocketOptions extends WebSocketRules {
  /** Bytes of one client that may wait to be read before it is disconnected, default 8,388,608. */
  readonly maximumBuffered?: number;
  /**
   * Seconds of silence after which the runtime asks a peer for a sign of life; 0, the default, for never: MQTT's Keep Alive
   * does that. The runtime's timer outlives a client that vanishes, and holds the end of a process up to half as long.
   */
  readonly idleTimeout?: number;
}

/** What a server tells a handler of a request; `Deno.ServeHandlerInfo` is one. */
export interface FetchInfo {
  /** Address of the peer. */
  readonly remoteAddr?: Deno.Addr;
}

/** Takes WebSockets that have opened; a `ListenerContext` can. */
export interface SocketTaker {
  /** Takes one. */
  accept(socket: RuntimeWebSocket): void | Promise<void>;
}

/** Answers requests. */
export class WebSocketEndpoint {
  #options: WebSocketOptions;
  #gate: UpgradeGate;

  /**
   * Makes one.
   *
   * @param options rules and limits
   */
  constructor(options: WebSocketOptions) {
    this.#options = options;
    this.#gate = new UpgradeGate(options);
  }

  /**
   * Tells whether a request wants a WebSocket here.
   *
   * @param request the request
   * @returns false when somebody else may answer it
   */
  concerns(request: Request): boolean {
    return this.#gate.concerns(partsOf(request));
  }

  /**
   * Answers.
   *
   * @param request the request
   * @param info what is known of the peer
   * @param taker who takes the WebSocket: asked now, and again when it has opened; nobody when `undefined`
   * @returns 101 or a refusal
   */
  answer(request: Request, info: FetchInfo | undefined, taker: () => SocketTaker | undefined): Response {
    const verdict = this.#gate.judge(partsOf(request));
    if ("status" in verdict) return refusal(verdict);
    if (taker() === undefined) return new Response("The broker is not running.\n", { status: 503 });
    const remoteAddress = info?.remoteAddr === undefined ? "" : formatPeer(info.remoteAddr); // gone after the upgrade
    const { maximumBuffered = 8_388_608, idleTimeout = 0 } = this.#options;
    const { socket, response } = upgrade(request, { protocol: verdict.protocol, idleTimeout });
    const adapted = new RuntimeWebSocket(socket, { remoteAddress, maximumBuffered });
    socket.onopen = () => {
      const last = taker();
      if (last === undefined) adapted.close(); // closed in between
      else last.accept(adapted);
    };
    return response;
  }
}

/**
 * The runtime takes a subprotocol only from a list that is written with a comma and one blank; where it is written in another
 * way the answer gets it afterwards.
 */
function upgrade(
  request: Request,
  { protocol, idleTimeout }: { protocol: string; idleTimeout: number },
): Deno.WebSocketUpgrade {
  const isListed = request.headers.get("sec-websocket-protocol")!.split(", ").includes(protocol);
  const upgraded = Deno.upgradeWebSocket(request, isListed ? { protocol, idleTimeout } : { idleTimeout });
  if (!isListed) upgraded.response.headers.set("sec-websocket-protocol", protocol);
  return upgraded;
}

function partsOf(request: Request): UpgradeRequest {
  return { method: request.method, path: pathOf(request), header: (name) => request.headers.get(name) };
}

function refusal({ status, message, headers }: Refusal): Response {
  return new Response(message, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}
