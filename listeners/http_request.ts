/** The head of an HTTP/1.1 request (RFC 9112).
 * @module */

/** A request, as far as it has been read: everything but its body. */
export interface HttpRequest {
  /** `GET`, ... */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** The host that is asked for, in lower case and without its port; `undefined` where HTTP/1.0 leaves it out. */
  readonly hostname: string | undefined;
  /** Value of a header, by its lower-case name; several are joined to a list. */
  header(name: string): string | null;
}

/** A request that cannot be answered as it wishes. */
export class HttpError extends Error {
  /** The name of this class. */
  override readonly name: string = "HttpError";
  /** HTTP status. */
  readonly status: number;

  /**
   * Makes one.
   *
   * @param status HTTP status
   * @param message what the client is told
   */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a request is told whose Host header is no host (RFC 9112, 3.2), with status 400. */
export const BAD_HOST = "The Host header is not a host.";

const START = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/(\d)\.(\d)$/;
const FIELD = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)$/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)([^?#]*)/i;
const AUTHORITY = /^(\[[0-9a-fA-F:.]+\]|[\w.~-]+)(?::(\d{0,5}))?$/;

const decoder = new TextDecoder("latin1");

/**
 * Reads the head of a request.
 *
 * @param head everything before the empty line
 * @returns the request
 * @throws {HttpError} 400 when it is malformed, 505 for another version of HTTP
 */
export function parseRequest(head: Uint8Array): HttpRequest {
  const [first, ...lines] = decoder.decode(head).split("\r\n");
  const start = START.exec(first);
  if (start === null) throw new HttpError(400, "This is not an HTTP request.");
  const [, method, target, major, minor] = start;
  if (major !== "1") throw new HttpError(505, "Only HTTP/1.1 works here.");
  const headers = parseFields(lines), absolute = ABSOLUTE.exec(target);
  const host = headers.get("host");
  if (host === undefined && minor !== "0") throw new HttpError(400, BAD_HOST);
  const hostname = host === undefined ? undefined : hostnameOf(host);
  return {
    method,
    path: absolute === null ? pathOf(target) : absolute[2] || "/",
    hostname: absolute === null ? hostname : hostnameOf(absolute[1]),
    header: (name) => headers.get(name) ?? null,
  };
}

function parseFields(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const field = FIELD.exec(line);
    if (field === null || CONTROL.test(line)) throw new HttpError(400, "A header is malformed.");
    const name = field[1].toLowerCase(), value = field[2].trimEnd(), earlier = headers.get(name);
    if (earlier !== undefined && name === "host") throw new HttpError(400, BAD_HOST);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return headers;
}

function pathOf(target: string): string {
  return /^[^?#]*/.exec(target)![0];
}

function hostnameOf(authority: string): string {
  const parts = AUTHORITY.exec(authority);
  if (parts === null || Number(parts[2] ?? 0) > 65_535) throw new HttpError(400, BAD_HOST);
  return parts[1].toLowerCase();
}
