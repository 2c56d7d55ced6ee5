/** Addresses as people write them.
 * @module */
import { parseAddress } from "../../listeners/address.ts";
import { isLoopback as isLoopbackHost } from "../../listeners/loopback.ts";

/**
 * Tells what is wrong with an address.
 *
 * @param text what was written
 * @returns for instance `expected host:port, got "188"`; `undefined` when it is an address
 */
export function addressProblem(text: string): string | undefined {
  try {
    parseAddress(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Whether only this machine can reach an address.
 *
 * @param text an address
 */
export function isLoopback(text: string): boolean {
  return isLoopbackHost(parseAddress(text).hostname);
}
