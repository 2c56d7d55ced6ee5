/** Who may open a WebSocket here, and what the others are told.
 * @module */
import type { Kinds } from "../src/hook/check_options.ts";
import { checkForm, PATH } from "./text_forms.ts";
import { BAD_HOST } from "./http_request.ts";
import { HostGate, type HostRules, OriginGate, type OriginRules, WRONG_HOST, WRONG_ORIGIN } from "./web_rules.ts";

/** Rules that both WebSocket listeners have. */
export interface WebSocketRules extends HostRules, OriginRules {
  /** Paths of the endpoint; `/`, `/mqtt` and `/ws` unless others are given. */
  readonly paths?: readonly string[];
  /** Refuse clients that offer no subprotocol, default true, as the standard has it [MQTT-6.0.0-3]. */
  readonly requireSubprotocol?: boolean;
}

/** What they have to be. */
export const RULES: Kinds<WebSocketRules> = {
  paths: "list",
  requireSubprotocol: "boolean",
  allowedHosts: "list",
  allowedOrigins: "list",
  requireOrigin: "boolean",
};

/** The parts of a request that count. */
export interface UpgradeRequest {
  /** `GET`, ... */
  readonly method: string;
  /** Path without the query, `undefined` where the request has none that can be read. */
  readonly path: string | undefined;
  /** The name that is asked for, without port. */
  readonly hostname: string | undefined;
  /** Value of a header, by its lower-case name. */
  header(name: string): string | null;
}

/** An answer other than 101. */
export interface Refusal {
  /** HTTP status. */
  readonly status: 400 | 403 | 404 | 405 | 426;
  /** What is wrong and what would be right. */
  readonly text: string;
  /** Further headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What becomes of a request: a subprotocol, `undefined` for none, or a refusal. */
export type Verdict = { readonly protocol: string | undefined } | Refusal;

/** Subprotocols in the order in which they are preferred [MQTT-6.0.0-4]; the second is the one of MQTT 3.1. */
const PROTOCOLS = ["mqtt", "mqttv3.1"].map((name) => ({ name, isOffered: listWith(name) }));
const DEFAULT_PATHS = ["/", "/mqtt", "/ws"];
const KEY = /^[A-Za-z0-9+/]{22}==$/;
const SOMETHING = /[^, \t]/, WEBSOCKET = listWith("websocket", "i"), UPGRADE_TOO = listWith("upgrade", "i");
const UPGRADE = { upgrade: "websocket", connection: "upgrade" };

/** Decides about requests for a WebSocket. */
export class UpgradeGate {
  /** Paths of the endpoint. */
  readonly paths: readonly string[];
  #hosts: HostGate;
  #origins: OriginGate;
  #requireSubprotocol: boolean;

  /**
   * Makes one.
   *
   * @param rules what is allowed
   * @param onLoopback whether the server is on a loopback address
   * @throws Error when a rule cannot be used
   */
  constructor(rules: WebSocketRules, onLoopback: boolean) {
    this.paths = rules.paths ?? DEFAULT_PATHS;
    if (this.paths.length === 0) throw new Error("Cannot use paths: there are none, expected one at least");
    checkForm({ name: "paths", values: this.paths }, PATH);
    this.#hosts = new HostGate(rules, onLoopback);
    this.#origins = new OriginGate(rules, onLoopback);
    this.#requireSubprotocol = rules.requireSubprotocol ?? true;
  }

  /**
   * Tells whether a request wants a WebSocket at this endpoint.
   *
   * @param request the request
   * @returns false when somebody else may answer it
   */
  concerns(request: UpgradeRequest): boolean {
    return this.#serves(request.path) && WEBSOCKET.test(request.header("upgrade") ?? "");
  }

  /**
   * Decides.
   *
   * @param request the request
   * @returns the subprotocol, or what to answer
   */
  judge(request: UpgradeRequest): Verdict {
    if (request.path === undefined) return refuse(400, BAD_HOST);
    const origin = request.header("origin");
    if (!this.#hosts.allows(request.hostname, origin === null)) return refuse(403, WRONG_HOST);
    if (!this.#serves(request.path)) {
      return refuse(404, `Not found. MQTT over WebSocket is at ${this.paths.join(" and ")}.`);
    }
    if (request.method !== "GET") return refuse(405, "Only GET with a WebSocket upgrade works here.", { allow: "GET" });
    if (!WEBSOCKET.test(request.header("upgrade") ?? "") || !UPGRADE_TOO.test(request.header("connection") ?? "")) {
      return refuse(426, "This is an MQTT broker. Connect with MQTT over WebSocket, subprotocol mqtt.", UPGRADE);
    }
    if (!this.#origins.allows(origin, request.hostname)) return refuse(403, WRONG_ORIGIN);
    return this.#judgeHandshake(request);
  }

  #serves(path: string | undefined): boolean {
    return path !== undefined && this.paths.includes(path);
  }

  #judgeHandshake(request: UpgradeRequest): Verdict {
    if (request.header("sec-websocket-version")?.trim() !== "13") {
      return refuse(426, "Only WebSocket version 13 works here.", { ...UPGRADE, "sec-websocket-version": "13" });
    }
    if (!KEY.test(request.header("sec-websocket-key")?.trim() ?? "")) {
      return refuse(400, "Sec-WebSocket-Key is missing or malformed.");
    }
    const offered = request.header("sec-websocket-protocol") ?? "";
    const protocol = PROTOCOLS.find(({ isOffered }) => isOffered.test(offered))?.name; // [MQTT-6.0.0-3]
    if (protocol === undefined && (this.#requireSubprotocol || SOMETHING.test(offered))) {
      return refuse(400, "Offer the WebSocket subprotocol mqtt.");
    }
    return { protocol };
  }
}

function refuse(status: Refusal["status"], text: string, headers: Record<string, string> = {}): Refusal {
  return { status, text: `${text}\n`, headers };
}

/** A list with this member: parted by commas, with or without blanks and tabs around them (RFC 9110, 5.6.1). */
function listWith(token: string, flags?: string): RegExp {
  return new RegExp(`(?:^|,)[ \\t]*${token.replace(".", "\\.")}[ \\t]*(?:,|$)`, flags);
}
