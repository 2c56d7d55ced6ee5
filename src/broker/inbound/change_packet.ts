/** SUBSCRIBE and UNSUBSCRIBE, as hooks want them.
 * @module */
import type { Listeners } from "../../hook/listeners.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";

/** What becomes of a packet. */
interface Outcomes<P> {
  /** Hooks let it pass, changed or as it was. */
  accepted(packet: P): void | Promise<void>;
  /** A hook has refused it, or has failed. */
  refused(error: unknown): void;
}

/**
 * Shows a packet to the hooks of an event before it is handled.
 *
 * @returns a Promise only when a hook is async
 */
export function changePacket<P>(
  { core, connection, listeners }: { core: Core; connection: Connection; listeners: Listeners },
  packet: P,
  { accepted, refused }: Outcomes<P>,
): void | Promise<void> {
  let changed: P | Promise<P>;
  try {
    changed = core.hooks.transform(listeners, connection.client, packet);
  } catch (error) {
    return refused(error);
  }
  return changed instanceof Promise ? changed.then(accepted, refused) : accepted(changed);
}
