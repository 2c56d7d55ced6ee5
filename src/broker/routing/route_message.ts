/** Messages of the broker itself: wills, and what programs publish. They enter the pipeline of PUBLISH at transform.
 * @module */
import type { Client } from "../../session/client.ts";
import type { Message } from "../../session/message.ts";
import type { Core } from "../core/core.ts";
import { deliverAll } from "./deliver_all.ts";
import { messageOf, packetOf } from "./hook_packet.ts";
import { choose, type Recipients } from "./recipients.ts";
import { checkRetainedLimits } from "./retain.ts";

/** Called in the turn that has routed a message, so that storage keeps both in one commit. */
export type WhenRouted = (message: Message) => void;

/**
 * Lets the hooks see a message whose topic is valid and granted, and routes what they make of it.
 * @returns the message that was routed; a Promise only when a hook is async, or very many receive it
 * @throws MqttError (also as rejection) of a hook, or 0x97 when the message cannot be retained or stored
 */
export function publish(core: Core, client: Client, message: Message): Message | Promise<Message> {
  const { onPublish } = core.hooks.on;
  if (onPublish === undefined) return routeIfKept(core, client, message);
  const changed = core.hooks.transform(onPublish, client, packetOf(message));
  return changed instanceof Promise
    ? changed.then((later) => {
      core.now(); // the message has become older
      return routeIfKept(core, client, messageOf(core, message, later));
    })
    : routeIfKept(core, client, messageOf(core, message, changed));
}

function routeIfKept(core: Core, client: Client, message: Message): Message | Promise<Message> {
  const refusal = message.qos > 0 ? core.hooks.refusalOfMore() : undefined;
  if (refusal !== undefined) throw refusal;
  return route(core, client, message);
}

/** Routes a message without asking `onPublish`. */
export function route(
  core: Core,
  client: Client,
  message: Message,
  whenRouted?: WhenRouted,
): Message | Promise<Message> {
  if (message.retain) checkRetainedLimits(core, message);
  const routed = (): Message => {
    whenRouted?.(message);
    return message;
  };
  const deliver = (recipients: Recipients): Message | Promise<Message> => {
    const pending = deliverAll(core, client, message, recipients);
    return pending === undefined ? routed() : pending.then(routed);
  };
  const recipients = choose(core, message);
  if (!(recipients instanceof Promise)) return deliver(recipients);
  return recipients.then((chosen) => {
    core.now(); // the message has become older
    return deliver(chosen);
  });
}
