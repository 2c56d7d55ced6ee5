/** MQTT over WebSocket on a port of its own, with and without TLS.
 * @module */
import { createHash } from "node:crypto";
import { checkOptions, type Kinds } from "../src/hook/check_options.ts";
import type { Listener, ListenerContext } from "../src/broker/core/listener.ts";
import { parseAddress } from "./address.ts";
import { PacketFrames, type WebSocketFrames, WriteFrames } from "./frame_encoder.ts";
import { FramedSocket } from "./framed_socket.ts";
import type { HttpAnswer } from "./http_exchange.ts";
import { HttpPort, type HttpUpgrade } from "./http_port.ts";
import type { HttpRequest } from "./http_request.ts";
import { isLoopback } from "./loopback.ts";
import { TcpListener } from "./tcp.ts";
import { checkForm, FRAMES } from "./text_forms.ts";
import { TlsListener } from "./tls.ts";
import type { TlsCertificate } from "./tls_certificate.ts";
import { RULES, UpgradeGate, type WebSocketRules } from "./websocket_rules.ts";

export type { WebSocketFrames } from "./frame_encoder.ts";
export type { TlsCertificate } from "./tls_certificate.ts";
export type { HostRules, OriginRules } from "./web_rules.ts";
export type { WebSocketRules } from "./websocket_rules.ts";

/** Options of a {@linkcode WebSocketListener}. */
export interface WebSocketListenerOptions extends WebSocketRules {
  /** Name of the listener, unique in its broker. */
  readonly id: string;
  /** `host:port`, `[v6]:port` or `:port` for all interfaces; `localhost` is IPv4 and IPv6; port 0 lets the system choose. */
  readonly address: string;
  /** Certificate and key: with them it is `wss`. With a `clientCa` clients are asked for certificates. */
  readonly certificate?: TlsCertificate;
  /** Refuse clients without a certificate, default true when the certificate has a `clientCa`. */
  readonly requireClientCertificate?: boolean;
  /**
   * Seconds in which a TLS handshake has to begin, and once more in which it has to be done when its turn has come; more than 0 to
   * 3,600, default 10.
   */
  readonly handshakeTimeout?: number;
  /** Seconds in which the request for the WebSocket has to arrive and to be answered; more than 0 to 3,600, default 10. */
  readonly requestTimeout?: number;
  /**
   * How MQTT packets are put into frames: `packets`, the default, gives each a frame of its own, since some clients take a
   * frame for a packet; `coalesced` puts all that is sent at once into one, which is fewer bytes and less work.
   */
  readonly websocketFrames?: WebSocketFrames;
  /** Connections that may wait to be accepted, default 2048. */
  readonly backlog?: number;
  /** Ask the system to find out about peers that vanished, default true. */
  readonly keepAlive?: boolean;
}

const OPTIONS: Kinds<WebSocketListenerOptions> = {
  ...RULES,
  id: "string",
  address: "any",
  certificate: "any",
  requireClientCertificate: "boolean",
  handshakeTimeout: "any",
  requestTimeout: "any",
  websocketFrames: "any",
  backlog: "any",
  keepAlive: "any",
};

/** What the server appends to the client's key (RFC 6455, 1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Listens for WebSockets that carry MQTT.
 *
 * @example Usage
 * ```ts
 * import { Broker } from "@mochi/broker";
 * import { WebSocketListener } from "@mochi/broker/listeners/websocket";
 *
 * const broker = new Broker();
 * await broker.addListener(new WebSocketListener({ id: "ws1", address: "127.0.0.1:0", paths: ["/mqtt"] }));
 * await broker.serve();
 * await broker.close();
 * ```
 */
export class WebSocketListener implements Listener {
  /** Name of the listener. */
  readonly id: string;
  /** `ws`, or `wss` with a certificate. */
  readonly protocol: string;
  #tls: TlsListener | undefined;
  #port: HttpPort;
  #gate: UpgradeGate;
  #frames: WebSocketFrames;

  /**
   * Makes the listener; the port is opened later.
   *
   * @param options where to listen and for whom
   * @throws Error that names an option that cannot be used, or what is wrong with the certificate
   */
  constructor(options: WebSocketListenerOptions) {
    checkOptions(options, OPTIONS);
    const { id, address, certificate, requestTimeout, websocketFrames = "packets" } = options;
    checkForm({ name: "websocketFrames", values: [websocketFrames] }, FRAMES);
    this.id = id;
    this.protocol = certificate === undefined ? "ws" : "wss";
    const source = sourceOf(options);
    this.#tls = source instanceof TlsListener ? source : undefined;
    this.#port = new HttpPort(source, requestTimeout);
    this.#gate = new UpgradeGate(options, isLoopback(parseAddress(address).hostname));
    this.#frames = websocketFrames;
  }

  /** Where it listens; the real address once it does. */
  get address(): string {
    return this.#port.address;
  }

  /**
   * Starts to accept.
   *
   * @param context the broker
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext): void {
    this.#port.listen(context, (request) => this.#answer(request, context));
  }

  /** Stops accepting and ends requests that are not answered yet; clients stay connected. Safe to call twice. */
  async close(): Promise<void> {
    await this.#port.close();
  }

  /**
   * Uses another certificate for new connections; clients stay connected.
   *
   * @param certificate the new one
   * @throws Error (as rejection) when it is not usable, or when a `clientCa` comes or goes; the old one stays in use
   */
  async reload(certificate: TlsCertificate): Promise<void> {
    if (this.#tls === undefined) throw new Error(`Cannot reload the certificate: ${this.id} has none`);
    await this.#tls.reload(certificate);
  }

  #answer(request: HttpRequest, context: ListenerContext): HttpAnswer | HttpUpgrade {
    const verdict = this.#gate.judge(request);
    if ("status" in verdict) return verdict;
    const headers = upgradeHeaders(request.header("sec-websocket-key")!, verdict.protocol);
    return {
      headers,
      take: (socket, { early, permit }) => {
        const encoder = this.#frames === "packets" ? new PacketFrames() : new WriteFrames();
        context.accept(new FramedSocket(socket, { encoder, early }), permit);
      },
    };
  }
}

function sourceOf(options: WebSocketListenerOptions): TcpListener | TlsListener {
  const { id, address, backlog, keepAlive, certificate, requireClientCertificate, handshakeTimeout } = options;
  const port = { id, address, backlog, keepAlive };
  if (certificate !== undefined) {
    return new TlsListener({ ...port, certificate, requireClientCertificate, handshakeTimeout });
  }
  if (requireClientCertificate) throw new Error("Cannot require client certificates: certificate is missing");
  return new TcpListener(port);
}

function upgradeHeaders(key: string, protocol: string | undefined): Record<string, string> {
  return {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-accept": createHash("sha1").update(`${key}${GUID}`).digest("base64"),
    ...protocol === undefined ? {} : { "sec-websocket-protocol": protocol }, // [MQTT-6.0.0-4]
  };
}
