/** Names of this machine that no other machine has.
 * @module */

/**
 * Whether a host is this machine itself, whatever a name server says.
 *
 * @param hostname a name or an IP address; IPv6 with or without brackets
 * @returns true for `localhost`, names below it, `127.0.0.0/8` and `::1`
 */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase();
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || host === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(host);
}

/** `0.0.0.0` and `::` lead to the machine that asks for them, and IPv6 has a way to write each IPv4 address. */
const UNSPECIFIED = /^(0\.0\.0\.0|\[::\]|\[::ffff:0:0\])$/,
  MAPPED_LOOPBACK = /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/;

/**
 * Whether a browser that asks for a host asks its own machine, however the host is written.
 *
 * @param hostname a name or an IP address as it stands in a Host header; IPv6 with brackets
 * @returns true for what {@linkcode isLoopback} knows, with or without a dot at its end, and for addresses that lead there
 */
export function leadsToLoopback(hostname: string): boolean {
  const host = (URL.parse(`http://${hostname}`)?.hostname ?? hostname).replace(/\.$/, "");
  return isLoopback(host) || UNSPECIFIED.test(host) || MAPPED_LOOPBACK.test(host);
}
