/** The party at the other end of a session, as hooks see it.
 * @module */
import { ReasonCode } from "../packets/reason_codes.ts";
import type { Properties, ProtocolVersion } from "../packets/types.ts";
import type { SessionView } from "./session_view.ts";

/** ClientID of the broker itself; too unlikely for a client to have, and refused to clients. */
export const INLINE_ID = "$inline";

/** What a TLS client showed of itself. */
export interface PeerCertificate {
  /** Subject as `CN=...,O=...`. */
  readonly subject: string;
  /** SHA-256 fingerprint, upper-case hex with colons. */
  readonly fingerprint: string;
  /** Subject Alternative Names as `DNS:..., IP Address:...`. */
  readonly subjectAltName: string | undefined;
}

/** How a client is taken off the broker. */
export interface DisconnectOptions {
  /** Reason String for MQTT 5 clients. */
  reasonString?: string;
  /** Server Reference with 0x9C and 0x9D. */
  serverReference?: string;
}

/** What is known of a client when it connects. */
export interface ClientInit {
  /** ClientID; empty until one is assigned. */
  id: string;
  /** User Name of the CONNECT. */
  username?: string;
  /** Protocol level. */
  protocolVersion: ProtocolVersion;
  /** Address of the peer, `host:port` or a path. */
  remoteAddress?: string;
  /** Id of the listener that took the connection. */
  listenerId?: string;
  /** `tcp`, `tls`, `ws`, `wss`, `unix`, `memory`, ... */
  transport?: string;
  /** Certificate of the peer, when one was asked for. */
  certificate?: PeerCertificate;
  /** Clean Start or Clean Session. */
  cleanStart?: boolean;
  /** Keep Alive in seconds. */
  keepAlive?: number;
  /** CONNECT properties. */
  properties?: Properties;
  /** True for the broker's own clients. */
  inline?: boolean;
  /** True for another broker that says so in its CONNECT. */
  bridge?: boolean;
}

/** One client of the broker: connected, or the last one that a stored session had. */
export class Client {
  /** ClientID. */
  id: string;
  /** User Name: the principal that the session belongs to. A hook may set it while the client authenticates. */
  username: string | undefined;
  /** Protocol level. */
  readonly protocolVersion: ProtocolVersion;
  /** Address of the peer, of a restored client that of its last connection; empty for the broker's own clients. */
  readonly remoteAddress: string;
  /** Id of the listener, of a restored client that of its last connection; empty for the broker's own clients. */
  readonly listenerId: string;
  /** `tcp`, `tls`, `ws`, `wss`, `unix`, `memory`, `inline`, ... */
  readonly transport: string;
  /** Certificate of the peer, when one was asked for and shown. */
  readonly certificate: PeerCertificate | undefined;
  /** Clean Start or Clean Session. */
  cleanStart: boolean;
  /** Keep Alive in seconds that counts: the client's, or the server's where that is lower. */
  keepAlive: number;
  /** CONNECT properties; `undefined` from `onDisconnect` on, as a session that sleeps keeps none. */
  properties: Properties | undefined;
  /** True for the broker's own clients, which need no permission. */
  readonly inline: boolean;
  /** True for another broker: a client of MQTT 3.1 or 3.1.1 with the bridge bit in its protocol level. Its subscriptions have No Local and Retain As Published. */
  readonly bridge: boolean;
  /** The session, from the moment it is established. */
  session: SessionView | undefined = undefined;
  /** How {@linkcode Client.disconnect} reaches the connection; `undefined` when there is none. */
  closeConnection: ((reasonCode: number, options?: DisconnectOptions) => void) | undefined = undefined;

  /**
   * A client of which this is known.
   *
   * @param init what is known
   */
  constructor(init: ClientInit) {
    this.id = init.id;
    this.username = init.username;
    this.protocolVersion = init.protocolVersion;
    this.remoteAddress = init.remoteAddress ?? "";
    this.listenerId = init.listenerId ?? "";
    this.transport = init.transport ?? "";
    this.certificate = init.certificate;
    this.cleanStart = init.cleanStart ?? true;
    this.keepAlive = init.keepAlive ?? 0;
    this.properties = init.properties;
    this.inline = init.inline ?? false;
    this.bridge = init.bridge ?? false;
  }

  /** True while a connection is open; false once a client has gone away, also while hooks decide whether it is let in. */
  get connected(): boolean {
    return this.closeConnection !== undefined;
  }

  /**
   * Ends the connection, with a DISCONNECT for MQTT 5 clients. A client that is not connected is left as it is.
   * @param reasonCode 0x80 to 0xA2 (default 0x98, Administrative action)
   * @param options Reason String and Server Reference
   */
  disconnect(reasonCode: number = ReasonCode.AdministrativeAction, options?: DisconnectOptions): void {
    this.closeConnection?.(reasonCode, options);
  }
}
