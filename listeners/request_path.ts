/** The path that a request is for.
 * @module */

/**
 * Reads the path of a request.
 *
 * @param request the request
 * @returns the path without the query; `undefined` where the Host header, which the runtime makes the address of, is no host
 */
export function pathOf(request: Request): string | undefined {
  try {
    return new URL(request.url).pathname;
  } catch {
    return undefined;
  }
}

/** What a request without a path is told (RFC 9112, 3.2), with status 400. */
export const BAD_HOST = "The Host header is not a host.";
