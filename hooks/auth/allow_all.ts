/** A hook that lets everyone in: for trying things out, and for networks that are trusted as a whole.
 * @module */
import type { Hook } from "../../src/hook/hook.ts";
import { bridgeStateTopic } from "../../src/topics/topic_name.ts";

/**
 * Makes a hook that lets every client connect, read every topic and write every topic that does not start with `$`,
 * and lets bridges tell of themselves on `$SYS/broker/connection/<ClientID>/state`.
 *
 * @returns the hook, for `broker.addHook`
 *
 * @example
 * ```ts
 * import { allowAll, Broker } from "@mochi/broker";
 *
 * await using broker = new Broker();
 * await broker.addHook(allowAll());
 * ```
 */
export function allowAll(): Hook {
  return {
    id: "allow-all",
    onConnectAuthenticate: () => true,
    onAclCheck: (client, topic, access) =>
      access === "read" || !topic.startsWith("$") || topic === bridgeStateTopic(client.id),
  };
}
