/** What the program runs with, put together from the command line and the configuration file.
 * @module */
import type { LedgerRules } from "../../hooks/auth/ledger_rules.ts";
import type { DebugOptions } from "../../hooks/debug.ts";
import type { StorageOptions } from "../../hooks/storage/options.ts";
import type { WebSocketFrames } from "../../listeners/websocket.ts";
import type { BrokerOptions } from "../broker/core/options.ts";
import type { LoggingSettings } from "./logging.ts";

/** Kinds of listeners in a configuration. */
export type ListenerType = "tcp" | "tls" | "ws" | "wss" | "unix" | "sysinfo" | "healthcheck";

/** All kinds of listeners, in the order of the documentation. */
export const LISTENER_TYPES: readonly ListenerType[] = ["tcp", "tls", "ws", "wss", "unix", "sysinfo", "healthcheck"];

/** Files for TLS. */
export interface TlsSettings {
  /** Certificate chain, PEM. */
  readonly certFile: string;
  /** Private key, PEM. */
  readonly keyFile: string;
  /** Authority whose certificates clients have to show, PEM. */
  readonly clientCaFile?: string;
  /** Whether clients without a certificate are refused. */
  readonly requireClientCertificate?: boolean;
}

/** One listener. */
export interface ListenerSettings {
  /** Its kind. */
  readonly type: ListenerType;
  /** Its name. */
  readonly id: string;
  /** Where it was given, for errors: `listeners[0]`, or an option of the command line. */
  readonly place: string;
  /** `host:port`, or the path of a Unix socket. */
  readonly address: string;
  /** Certificates, for `tls` and `wss`. */
  readonly tls?: TlsSettings;
  /** Seconds in which the handshake of TLS has to be done, for `tls` and `wss`. */
  readonly handshakeTimeout?: number;
  /** Connections that may wait to be accepted. */
  readonly backlog?: number;
  /** Whether the system finds out about peers that vanished. */
  readonly keepAlive?: boolean;
  /** Origins of web pages that may connect, for `ws` and `wss`. */
  readonly allowedOrigins?: readonly string[];
  /** Whether connections without an Origin are refused, for `ws` and `wss`. */
  readonly requireOrigin?: boolean;
  /** Whether clients that offer no subprotocol are refused, for `ws` and `wss`. */
  readonly requireSubprotocol?: boolean;
  /** How packets are put into frames, for `ws` and `wss`. */
  readonly websocketFrames?: WebSocketFrames;
  /** Paths of the endpoint, for `ws` and `wss`. */
  readonly paths?: readonly string[];
  /** Hosts that may be asked for, for `ws`, `wss`, `sysinfo` and `healthcheck`. */
  readonly allowedHosts?: readonly string[];
  /** Seconds in which a request has to arrive and to be answered, for `ws`, `wss`, `sysinfo` and `healthcheck`. */
  readonly requestTimeout?: number;
  /** Path of the page, for `sysinfo` and `healthcheck`. */
  readonly path?: string;
  /** Permissions of the socket file, for `unix`. */
  readonly mode?: number;
}

/** Options that both stores have. */
export type StoreOptions = Omit<StorageOptions, "id">;

/** Where sessions and messages are kept. */
export type StoreSettings =
  | { readonly kind: "memory" }
  | { readonly kind: "kv"; readonly path: string } & StoreOptions
  | { readonly kind: "redis"; readonly url: string } & StoreOptions;

/** Who may do what. */
export type AuthSettings =
  | { readonly kind: "allow_all"; readonly asked: boolean }
  | { readonly kind: "ledger"; readonly rules: LedgerRules };

/** Everything that the program runs with. */
export interface Settings {
  /** Ways in. */
  readonly listeners: readonly ListenerSettings[];
  /** Access. */
  readonly auth: AuthSettings;
  /** Persistence. */
  readonly store: StoreSettings;
  /** The debug hook, `undefined` for none. */
  readonly debug: DebugOptions | undefined;
  /** Options of the broker. */
  readonly options: BrokerOptions;
  /** Log lines. */
  readonly logging: LoggingSettings;
  /** Whether the quiet moments after the start are used to come to full speed. */
  readonly warmUp: boolean;
}

/** What a configuration file says; what it leaves out is decided by defaults. */
export interface FileSettings {
  /** Ways in, nothing where one is wrong; the file's TLS files may be left to the command line. */
  readonly listeners?: readonly (FileListener | undefined)[];
  /** Hooks. */
  readonly hooks?: {
    /** Access. */
    readonly auth?: { readonly allowAll?: boolean; readonly ledger?: unknown; readonly ledgerFile?: string };
    /** Persistence. */
    readonly storage?: StoreSettings;
    /** The debug hook. */
    readonly debug?: DebugOptions & { readonly enable: boolean };
  };
  /** Options of the broker. */
  readonly options?: BrokerOptions;
  /** Log lines. */
  readonly logging?: LoggingSettings;
}

/** A listener as a file describes it. */
export interface FileListener extends Omit<ListenerSettings, "id" | "place" | "tls"> {
  /** Its name; one is made from the kind when it is left out. */
  readonly id?: string;
  /** Certificates. */
  readonly tls?: Partial<TlsSettings>;
}
