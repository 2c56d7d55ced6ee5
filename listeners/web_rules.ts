/** Which web pages may ask, and by which names: a browser lets every page send requests to every server.
 * @module */
import { isLoopback, leadsToLoopback } from "./loopback.ts";
import { checkForm, ORIGIN } from "./text_forms.ts";

/** Rules about the name that a server is asked by. */
export interface HostRules {
  /**
   * Names by which this listener may be asked, such as `broker.example`, without port; `*` for all. Default: on a loopback
   * address `localhost`, `127.0.0.1` and `[::1]` for web pages, so that none gets in by a name of its own that leads here;
   * elsewhere all.
   */
  readonly allowedHosts?: readonly string[];
}

/** Rules about the pages that ask. */
export interface OriginRules {
  /**
   * Origins of web pages that may connect, such as `https://app.example`; `*` for all. Default: pages of this machine alone
   * where the listener is on a loopback address or is asked by a name of such, elsewhere all. Programs that are no browser
   * send no Origin and are not affected.
   */
  readonly allowedOrigins?: readonly string[];
  /** Refuse connections without an Origin too; default false. Only of use with `allowedOrigins`. */
  readonly requireOrigin?: boolean;
}

/** What is told to who asks by a name that is not allowed. */
export const WRONG_HOST = "This Host is not served here. allowedHosts (allowed_hosts in a file) says which are.";
/** What is told to pages that may not connect. */
export const WRONG_ORIGIN = "This Origin may not connect. allowedOrigins (allowed_origins in a file) says which may.";

const HOST = /^(\*|\[[0-9a-f:.]+\]|[\w.~-]+)$/;

/** Decides about the names by which a server is asked. */
export class HostGate {
  #allowed: ReadonlySet<string> | undefined;
  #onLoopback: boolean;

  /**
   * Makes one.
   *
   * @param rules what is allowed
   * @param onLoopback whether the server is on a loopback address
   * @throws Error when something in `allowedHosts` is not a host
   */
  constructor(rules: HostRules, onLoopback: boolean) {
    this.#allowed = rules.allowedHosts && new Set(rules.allowedHosts.map(hostOf));
    this.#onLoopback = onLoopback;
  }

  /**
   * Decides.
   *
   * @param hostname the name without port; `undefined` where none was sent, as no browser does
   * @param isProgram whether it is known that no web page asks; a name does a program no good, so only rules keep it out
   * @returns false when nothing may be told
   */
  allows(hostname: string | undefined, isProgram: boolean = false): boolean {
    if (hostname === undefined) return true;
    if (this.#allowed === undefined) return isProgram || !this.#onLoopback || isLoopback(hostname);
    return this.#allowed.has("*") || this.#allowed.has(hostname.toLowerCase());
  }
}

/** Decides about the pages that connect. */
export class OriginGate {
  #allowed: ReadonlySet<string> | undefined;
  #required: boolean;
  #onLoopback: boolean;

  /**
   * Makes one.
   *
   * @param rules what is allowed
   * @param onLoopback whether the server is on a loopback address
   * @throws Error when something in `allowedOrigins` is not an origin
   */
  constructor(rules: OriginRules, onLoopback: boolean) {
    checkForm({ name: "allowedOrigins", values: rules.allowedOrigins ?? [] }, ORIGIN);
    this.#allowed = rules.allowedOrigins && new Set(rules.allowedOrigins.map(normalOrigin));
    this.#required = rules.requireOrigin ?? false;
    this.#onLoopback = onLoopback;
  }

  /**
   * Decides.
   *
   * @param origin the Origin header; `null` where there is none
   * @param hostname the name that was asked for
   * @returns false when the page may not connect
   */
  allows(origin: string | null, hostname: string | undefined): boolean {
    if (origin === null) return !this.#required;
    if (this.#allowed !== undefined) return this.#allowed.has("*") || this.#allowed.has(normalOrigin(origin));
    const isLocal = this.#onLoopback || hostname !== undefined && leadsToLoopback(hostname);
    return !isLocal || isLoopbackOrigin(origin);
  }
}

function hostOf(host: string): string {
  const name = host.toLowerCase();
  if (HOST.test(name)) return name;
  throw new Error(`Cannot use allowedHosts: current value is ${JSON.stringify(host)}, expected a host without port`);
}

function isLoopbackOrigin(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && isLoopback(url.hostname);
}

function normalOrigin(origin: string): string {
  return origin.trim().toLowerCase().replace(/\/$/, "");
}
