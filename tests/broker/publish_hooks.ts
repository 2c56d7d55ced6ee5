/** Hooks that do what a scenario says with each message, and that write down what they see. */

import type { Hook } from "../../src/hook/hook.ts";
import { MqttError } from "../../src/packets/errors.ts";
import type { PublishPacket, QoS } from "../../src/packets/types.ts";
import type { Client } from "../../src/session/client.ts";

/** ClientID of one whose messages are no part of the scenario. */
export const SCRIBBLER = "w";

/** What a hook does with a message. */
export type Action =
  | ("keep" | "same" | "copy" | "topic" | "payload" | "qos0" | "qos1" | "qos2" | "retain" | "properties")
  | ("refuse" | "deny" | "throw" | "late" | "disconnect");

/** What a hook does with the messages of a scenario, and how soon. */
export interface Actions {
  readonly what: readonly Action[];
  readonly way: readonly ("sync" | "async" | "deep" | "slow")[];
  /** Whether it changes the packet that it is given, instead of returning another one. */
  readonly inPlace: boolean;
}

/** Hooks of other events. */
export interface OtherHooks {
  readonly published: boolean;
  readonly select: "sync" | "async" | undefined;
  readonly acl: "sync" | "async" | undefined;
  readonly store: "sync" | "async" | undefined;
  readonly durable: boolean;
  /** A client that may not read. */
  readonly deaf: string | undefined;
  /** A topic that nobody may write. */
  readonly readOnlyTopic: string | undefined;
}

/** Where timers come from. */
export type Timers = () => { setTimeout(callback: () => void, delay: number): number };

/** What hooks have seen, each for itself: by the name of what it listens to, in order. */
export class HookLog {
  readonly seen: Record<string, string[]> = {};

  note(who: string, what: string): void {
    (this.seen[who] ??= []).push(what);
  }
}

/** The first part of a payload: which message it is. */
export function nameOf(payload: Uint8Array): string {
  return new TextDecoder().decode(payload).split(".")[0];
}

/** A hook for `onPublish`. */
export function actionHook(id: string, plan: Actions, to: { log: HookLog; clock: Timers }): Hook {
  const onPublish = (client: Client, packet: PublishPacket) => {
    if (client.id === SCRIBBLER) return;
    const { topic, payload, qos, retain, dup, packetId } = packet, index = parseInt(nameOf(payload).slice(1));
    to.log.note(id, `${nameOf(payload)} ${topic} ${qos} ${retain} ${dup} ${packetId}`);
    const what = plan.what[index], act = () => answer(plan, client, { what, packet });
    if (what === "late") return new Promise<never>(() => {});
    return later(plan.way[index], to.clock, act);
  };
  return { id, onPublish };
}

function later<T>(way: Actions["way"][number], clock: Timers, act: () => T): T | Promise<T> {
  if (way === "sync") return act();
  if (way === "async") return (async () => await act())();
  if (way === "deep") return Promise.resolve().then(() => {}).then(() => {}).then(() => {}).then(act);
  return new Promise<void>((resolve) => clock().setTimeout(resolve, 20)).then(act);
}

function answer(
  { inPlace }: Actions,
  client: Client,
  { what, packet }: { what: Action; packet: PublishPacket },
): PublishPacket | void {
  if (what === "refuse") throw new MqttError(0x97, "enough");
  if (what === "deny") throw new MqttError(0x87, "not you");
  if (what === "throw") throw new Error("broken");
  if (what === "disconnect") client.disconnect(0x98);
  if (what === "same") return packet;
  const change = changeOf(what, packet);
  if (change !== undefined) return inPlace ? void Object.assign(packet, change) : { ...packet, ...change };
}

function changeOf(what: Action, { payload }: PublishPacket): Partial<PublishPacket> | undefined {
  if (what === "copy") return {};
  if (what === "topic") return { topic: "t/b" };
  if (what === "payload") return { payload: new TextEncoder().encode(`${nameOf(payload)}.changed`) };
  if (what.startsWith("qos")) return { qos: Number(what[3]) as QoS };
  if (what === "retain") return { retain: true };
  if (what === "properties") return { properties: { contentType: "c" } };
  return undefined;
}

/** The hooks of other events; one of them always lets everybody in. */
export function otherHooks(others: OtherHooks, log: HookLog): Hook[] {
  const mayAccess = (client: Client, topic: string, access: string) =>
    access === "read" ? client.id !== others.deaf : topic !== others.readOnlyTopic;
  const hooks: Hook[] = [{
    id: "acl",
    onConnectAuthenticate: () => true,
    onAclCheck: (client, topic, access) => inWay(others.acl, mayAccess(client, topic, access)),
  }];
  if (others.published) {
    const onPublished: Hook["onPublished"] = (_, { topic, payload, qos, reached }) =>
      void log.note("published", `${nameOf(payload)} ${topic} ${qos} to ${reached}`);
    hooks.push({ id: "published", onPublished });
  }
  if (others.select !== undefined) hooks.push(selecting(others.select));
  if (others.store !== undefined) hooks.push(storing(others, log));
  return hooks;
}

function inWay<T>(way: "sync" | "async" | undefined, value: T): T | Promise<T> {
  return way === "async" ? Promise.resolve(value) : value;
}

/** Takes the first subscriber off each third message. */
function selecting(way: "sync" | "async"): Hook {
  return {
    id: "select",
    onSelectSubscribers: ({ payload }, matched) =>
      inWay(
        way,
        parseInt(nameOf(payload).slice(1)) % 3 !== 0
          ? undefined
          : { ...matched, subscribers: matched.subscribers.slice(1) },
      ),
  };
}

function storing({ store, durable }: OtherHooks, log: HookLog): Hook {
  return {
    id: "store",
    durable,
    onQosPublish: (client, { direction, packetId, state, qos }) => {
      log.note(`stored ${client.id} ${direction}`, `${packetId} ${state} ${qos}`);
      return inWay(store, undefined);
    },
  };
}
