/** Requests for a WebSocket, answered with one of the runtime or with why there is none.
 * @module */
import { formatPeer } from "./address.ts";
import { type Refusal, UpgradeGate, type UpgradeRequest, type WebSocketRules } from "./websocket_rules.ts";
import { RuntimeWebSocket } from "./websocket_socket.ts";

/** Options of WebSockets of the runtime. */
export interface RuntimeWebSocketOptions extends WebSocketRules {
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

/** Takes WebSockets that have opened. */
export interface SocketTaker {
  /** Takes one. */
  accept(socket: RuntimeWebSocket): void | Promise<void>;
  /** Learns of a request that is refused. */
  refused(refusal: Refusal, remoteAddress: string): void;
}

/** Answers requests. */
export class WebSocketEndpoint {
  #options: RuntimeWebSocketOptions;
  #gate: UpgradeGate;

  /**
   * Makes one.
   *
   * @param options rules and limits
   * @throws Error when a rule cannot be used
   */
  constructor(options: RuntimeWebSocketOptions) {
    this.#options = options;
    this.#gate = new UpgradeGate(options, false);
  }

  /** Paths of the endpoint. */
  get paths(): readonly string[] {
    return this.#gate.paths;
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
    const remoteAddress = info?.remoteAddr === undefined ? "" : formatPeer(info.remoteAddr); // gone after the upgrade
    if ("status" in verdict) {
      taker()?.refused(verdict, remoteAddress);
      return refusal(verdict);
    }
    if (taker() === undefined) return new Response("The broker is not running.\n", { status: 503 });
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
  { protocol, idleTimeout }: { protocol: string | undefined; idleTimeout: number },
): Deno.WebSocketUpgrade {
  if (protocol === undefined) return Deno.upgradeWebSocket(request, { idleTimeout });
  const isListed = request.headers.get("sec-websocket-protocol")!.split(", ").includes(protocol);
  const upgraded = Deno.upgradeWebSocket(request, isListed ? { protocol, idleTimeout } : { idleTimeout });
  if (!isListed) upgraded.response.headers.set("sec-websocket-protocol", protocol);
  return upgraded;
}

function partsOf(request: Request): UpgradeRequest {
  const url = urlOf(request);
  return {
    method: request.method,
    path: url?.pathname,
    hostname: url?.hostname,
    header: (name) => request.headers.get(name),
  };
}

/** @returns `undefined` where the Host header, which the runtime makes the address of, is no host */
function urlOf(request: Request): URL | undefined {
  try {
    return new URL(request.url);
  } catch {
    return undefined;
  }
}

function refusal({ status, text, headers }: Refusal): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}
