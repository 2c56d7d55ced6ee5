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
