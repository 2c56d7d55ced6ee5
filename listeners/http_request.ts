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
// deno-lint-ignore no-control-regex
const FIELDS = /^\r\n(?:[!#$%&'*+.^_`|~\w-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*$/;
const BLANKS = " \t";
const ABSOLUTE = /^https?:\/\/([^/?#]*)([^?#]*)/i;
const AUTHORITY = /^(\[[0-9a-fA-F:.]+\]|[\w.~-]+)(?::(\d{0,5}))?$/;

const decoder = new TextDecoder("latin1");

/**
 * Reads the head of a request.
 *
 * @param head everything before the empty line, each line with its end
 * @returns the request
 * @throws {HttpError} 400 when it is malformed, 505 for another version of HTTP
 */
export function parseRequest(head: Uint8Array): HttpRequest {
  const text = decoder.decode(head), end = text.indexOf("\r\n");
  const start = START.exec(text.slice(0, end));
  if (start === null) throw new HttpError(400, "This is not an HTTP request.");
  const [, method, target, major, minor] = start;
  if (major !== "1") throw new HttpError(505, "Only HTTP/1.1 works here.");
  const header = fieldsOf(text.slice(end)), host = header("host"), absolute = ABSOLUTE.exec(target);
  if (host === null && minor !== "0") throw new HttpError(400, BAD_HOST);
  const hostname = host === null ? undefined : hostnameOf(host); // two of them are a list, which is no host
  return {
    method,
    path: absolute === null ? pathOf(target) : absolute[2] || "/",
    hostname: absolute === null ? hostname : hostnameOf(absolute[1]),
    header,
  };
}

/**
 * A few of the fields are looked for, once, so they are found in the text: to take all of it apart would leave much more behind.
 *
 * @param text all fields, from the end of the line before them
 */
function fieldsOf(text: string): HttpRequest["header"] {
  if (!FIELDS.test(text)) throw new HttpError(400, "A header is malformed.");
  const lowerCase = text.toLowerCase();
  return (name) => {
    const begin = `\n${name}:`;
    let list: string | null = null;
    for (let at = lowerCase.indexOf(begin); at >= 0; at = lowerCase.indexOf(begin, at + 1)) {
      const value = withoutBlanks(text.slice(at + begin.length, text.indexOf("\r", at)));
      list = list === null ? value : `${list}, ${value}`;
    }
    return list;
  };
}

/** No pattern for this: one that looks for blanks before an end looks again from each of them. */
function withoutBlanks(value: string): string {
  let start = 0, end = value.length;
  while (BLANKS.includes(value.charAt(start)) && start < end) start++;
  while (end > start && BLANKS.includes(value.charAt(end - 1))) end--;
  return value.slice(start, end);
}

function pathOf(target: string): string {
  return /^[^?#]*/.exec(target)![0];
}

function hostnameOf(authority: string): string {
  const parts = AUTHORITY.exec(authority);
  if (parts === null || Number(parts[2] ?? 0) > 65_535) throw new HttpError(400, BAD_HOST);
  return parts[1].toLowerCase();
}
