/** Who counts as one peer.
 * @module */

/** Groups of an IPv6 address, and how many of them name the network. */
const GROUPS = 8, NETWORK = 4;

/**
 * Who counts as one: the host, whatever its port. IPv6 gives a host a whole /64 network to take addresses from, so there the
 * network counts as one.
 *
 * @param remoteAddress `host:port`, or a path
 * @returns the host, of IPv6 the network
 *
 * @example
 * ```ts
 * import { peerOf } from "./peer_address.ts";
 *
 * console.assert(peerOf("192.0.2.1:50000") === "192.0.2.1");
 * console.assert(peerOf("[2001:db8::1]:50000") === "2001:db8:0:0");
 * ```
 */
export function peerOf(remoteAddress: string): string {
  const colon = remoteAddress.lastIndexOf(":");
  const host = colon === -1 ? remoteAddress : remoteAddress.slice(0, colon);
  return host.startsWith("[") ? networkOf(host.slice(1, -1)) : host;
}

function networkOf(address: string): string {
  const [head, tail] = address.split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = tail === undefined ? 0 : GROUPS - head.length - tail.length;
  return [...head, ...Array<string>(zeros).fill("0"), ...tail ?? []].slice(0, NETWORK).join(":");
}
