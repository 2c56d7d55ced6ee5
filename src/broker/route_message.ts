/** An accepted PUBLISH becomes a message: hooks, retained store, fan-out. The same for clients, wills and the broker itself.
 * @module */
import type { PublishPacket } from "../packets/types.ts";
import type { Client } from "../session/client.ts";
import type { Message } from "../session/message.ts";
import type { Core } from "./core.ts";
import { fanOut } from "./fan_out.ts";
import { checkRetainedLimits, retain } from "./retain.ts";

/** What became of a message. */
export interface Routed {
  /** The message. */
  readonly message: Message;
  /** Sessions and share groups that matched. */
  readonly reached: number;
}

/**
 * Lets the hooks see a PUBLISH whose topic is resolved, valid and granted, and routes what they make of it.
 * @returns a Promise only when a hook is async
 * @throws MqttError (also as rejection) of a hook, or 0x97 when the message cannot be retained
 */
export function publish(core: Core, client: Client, packet: PublishPacket): Routed | Promise<Routed> {
  if (core.hooks.on.onPublish === undefined) return route(core, client, packet);
  const changed = core.hooks.transform("onPublish", client, packet);
  return changed instanceof Promise
    ? changed.then((result) => route(core, client, result))
    : route(core, client, changed);
}

/** Routes a message without asking `onPublish`. */
export function route(core: Core, client: Client, packet: PublishPacket): Routed | Promise<Routed> {
  const message = core.message({
    topic: packet.topic,
    payload: packet.payload,
    qos: packet.qos,
    retain: packet.retain,
    properties: packet.properties,
    publisherId: client.id,
    receivedAt: core.now(),
  });
  if (packet.retain) {
    checkRetainedLimits(core, packet.topic, packet.payload.length);
    retain(core, client, message);
  }
  const reached = fanOut(core, message);
  if (typeof reached === "number") return published(core, client, { message, reached });
  return reached.then((count) => published(core, client, { message, reached: count }));
}

function published(core: Core, client: Client, routed: Routed): Routed {
  if (core.hooks.on.onPublished !== undefined) core.hooks.observe("onPublished", client, routed.message);
  return routed;
}
