/** How long sessions live.
 * @module */
import type { ConnectPacket } from "../../packets/types.ts";
import { NEVER_EXPIRES } from "../../session/session.ts";
import type { Core } from "../core/core.ts";

/** A Session Expiry Interval within the broker's maximum, in seconds. */
export function allowedExpiry(core: Core, interval: number): number {
  return Math.min(interval, core.options.capabilities.maximumSessionExpiryInterval);
}

/** What a CONNECT asks for, in seconds: MQTT 3 sessions live for ever or end with their connection. */
export function requestedExpiry(packet: ConnectPacket): number {
  if (packet.protocolVersion === 5) return packet.properties?.sessionExpiryInterval ?? 0;
  return packet.cleanStart ? 0 : NEVER_EXPIRES;
}
