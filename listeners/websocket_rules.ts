/** Who may open a WebSocket here, and what the others are told.
 * @module */
import { BAD_HOST } from "./request_path.ts";

/** Rules that both WebSocket listeners have. */
export interface WebSocketRules {
  /** Path of the endpoint; default: both `/` and `/mqtt`. */
  readonly path?: string;
  /**
   * Origins of web pages that may connect, such as `https://app.example`. Default: all of them. Programs that are no
   * browser send no Origin and are not affected.
   */
  readonly allowedOrigins?: readonly string[];
  /** Refuse connections without an Origin too; default false. Only of use with `allowedOrigins`. */
  readonly requireOrigin?: boolean;
}

/** The parts of a request that count. */
export interface UpgradeRequest {
  /** `GET`, ... */
  readonly method: string;
  /** Path without the query, `undefined` where the request has none that can be read. */
  readonly path: string | undefined;
  /** Value of a header, by its lower-case name. */
  header(name: string): string | null;
}

/** An answer other than 101. */
export interface Refusal {
  /** HTTP status. */
  readonly status: 400 | 403 | 404 | 405 | 426;
  /** What is wrong and what would be right. */
  readonly message: string;
  /** Further headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What becomes of a request: a subprotocol, or a refusal. */
export type Verdict = { readonly protocol: string } | Refusal;

/** Subprotocols in the order in which they are preferred [MQTT-6.0.0-4]; the second is the one of MQTT 3.1. */
const PROTOCOLS = ["mqtt", "mqttv3.1"];
const DEFAULT_PATHS = ["/", "/mqtt"];
const KEY = /^[A-Za-z0-9+/]{22}==$/;
const UPGRADE = { upgrade: "websocket", connection: "upgrade" };

/** Decides about requests for a WebSocket. */
export class UpgradeGate {
  #paths: readonly string[];
  #origins: ReadonlySet<string> | undefined;
  #requireOrigin: boolean;

  /**
   * Makes one.
   *
   * @param rules what is allowed
   */
  constructor(rules: WebSocketRules) {
    this.#paths = rules.path === undefined ? DEFAULT_PATHS : [rules.path];
    this.#origins = rules.allowedOrigins && new Set(rules.allowedOrigins.map(normalOrigin));
    this.#requireOrigin = rules.requireOrigin ?? false;
  }

  /**
   * Tells whether a request wants a WebSocket at this endpoint.
   *
   * @param request the request
   * @returns false when somebody else may answer it
   */
  concerns(request: UpgradeRequest): boolean {
    return this.#serves(request.path) && hasToken(request.header("upgrade"), "websocket");
  }

  /**
   * Decides.
   *
   * @param request the request
   * @returns the subprotocol, or what to answer
   */
  judge(request: UpgradeRequest): Verdict {
    if (request.path === undefined) return refuse(400, BAD_HOST);
    if (!this.#serves(request.path)) {
      return refuse(404, `Not found. MQTT over WebSocket is at ${this.#paths.join(" and ")}.`);
    }
    if (request.method !== "GET") return refuse(405, "Only GET with a WebSocket upgrade works here.", { allow: "GET" });
    if (!hasToken(request.header("upgrade"), "websocket") || !hasToken(request.header("connection"), "upgrade")) {
      return refuse(426, "This is an MQTT broker. Connect with MQTT over WebSocket, subprotocol mqtt.", UPGRADE);
    }
    if (!this.#originAllowed(request.header("origin"))) return refuse(403, "This Origin may not connect.");
    return judgeHandshake(request);
  }

  #serves(path: string | undefined): boolean {
    return path !== undefined && this.#paths.includes(path);
  }

  #originAllowed(origin: string | null): boolean {
    if (this.#origins === undefined) return origin !== null || !this.#requireOrigin;
    return origin === null ? !this.#requireOrigin : this.#origins.has(normalOrigin(origin));
  }
}

function judgeHandshake(request: UpgradeRequest): Verdict {
  if (request.header("sec-websocket-version")?.trim() !== "13") {
    return refuse(426, "Only WebSocket version 13 works here.", { ...UPGRADE, "sec-websocket-version": "13" });
  }
  if (!KEY.test(request.header("sec-websocket-key")?.trim() ?? "")) {
    return refuse(400, "Sec-WebSocket-Key is missing or malformed.");
  }
  const offered = tokens(request.header("sec-websocket-protocol"));
  const protocol = PROTOCOLS.find((name) => offered.includes(name)); // [MQTT-6.0.0-3]
  return protocol === undefined ? refuse(400, "Offer the WebSocket subprotocol mqtt.") : { protocol };
}

/**
 * Makes a refusal.
 *
 * @param status HTTP status
 * @param message what is wrong
 * @param headers further headers
 * @returns the refusal
 */
function refuse(status: Refusal["status"], message: string, headers: Record<string, string> = {}): Refusal {
  return { status, message: `${message}\n`, headers };
}

/** Members of a list: parted by commas, with or without blanks and tabs around them; empty ones do not count (RFC 9110, 5.6.1). */
function tokens(header: string | null): string[] {
  if (header === null) return [];
  return header.split(",").map((token) => token.replace(/^[ \t]+|[ \t]+$/g, "")).filter((token) => token !== "");
}

function hasToken(header: string | null, token: string): boolean {
  return tokens(header?.toLowerCase() ?? null).includes(token);
}

function normalOrigin(origin: string): string {
  return origin.trim().toLowerCase().replace(/\/$/, "");
}
