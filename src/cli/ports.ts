/** Listeners that want the same port.
 * @module */
import { type Address, parseAddress } from "../../listeners/address.ts";
import type { ListenerSettings } from "./settings.ts";

/** What of a listener says where it listens. */
type Place = Pick<ListenerSettings, "type" | "address">;

/**
 * Whether two listeners cannot both listen. Port 0 is a port of its own each time.
 *
 * @param first one listener
 * @param second another one
 */
export function collide(first: Place, second: Place): boolean {
  if (first.type === "unix" || second.type === "unix") {
    return first.type === second.type && first.address === second.address;
  }
  const [one, other] = [parseAddress(first.address), parseAddress(second.address)];
  if (one.port === 0 || one.port !== other.port) return false;
  return hostsOf(one).some((host) => hostsOf(other).some((another) => overlap(host, another)));
}

const ALL_4 = "0.0.0.0", ALL_6 = "::";

/** The addresses that a name stands for: `[::]` takes IPv4 too, and `localhost` is both loopback addresses. */
function hostsOf({ hostname }: Address): string[] {
  const host = normal(hostname);
  if (host === "" || host === ALL_6) return [ALL_4, ALL_6];
  return host === "localhost" ? ["127.0.0.1", "::1"] : [host];
}

/** One way to write each address. */
function normal(hostname: string): string {
  if (!hostname.includes(":")) return hostname.toLowerCase();
  const url = `http://[${hostname.replace(/%.*$/, "")}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : hostname;
}

/** A name that is no address may be any. */
function overlap(one: string, other: string): boolean {
  if (one === other) return true;
  if (one === ALL_4 || other === ALL_4) return !one.includes(":") && !other.includes(":");
  return (one === ALL_6 || other === ALL_6) && one.includes(":") && other.includes(":");
}
