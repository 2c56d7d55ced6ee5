/**
 * Scenarios for runs of messages, made by a seed: what a publisher sends, what hooks make of it, who listens. A scenario is
 * played with all packets in one write or with each in a write of its own, and must have the same outcome both times.
 */

import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import type { Properties, ProtocolVersion, PublishPacket, QoS } from "../../src/packets/types.ts";
import { PacketType } from "../../src/packets/types.ts";
import { randomOf } from "./delivery_model.ts";
import {
  type Action,
  actionHook,
  type Actions,
  HookLog,
  type OtherHooks,
  otherHooks,
  type Timers,
} from "./publish_hooks.ts";

/** Who listens, and how. */
export interface SubscriberPlan {
  readonly clientId: string;
  readonly version: ProtocolVersion;
  readonly filters: readonly {
    filter: string;
    qos: QoS;
    identifier?: number;
    noLocal: boolean;
    asPublished: boolean;
  }[];
  readonly properties: Properties;
  /** Away while the messages come. */
  readonly offline: boolean;
}

/** All that a seed decides. */
export interface Scenario {
  readonly version: ProtocolVersion;
  readonly packets: readonly Uint8Array[];
  readonly actions: readonly Actions[];
  readonly others: OtherHooks;
  readonly subscribers: readonly SubscriberPlan[];
  /** Payloads are so large that the memory of what was read is used again while some of them still wait. */
  readonly heavy: boolean;
  /** What the publisher itself listens to. */
  readonly own: SubscriberPlan["filters"];
}

/** Choices by chance. */
class Chance {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = randomOf(seed);
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  with(probability: number): boolean {
    return this.random() < probability;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}

/** @param seed of the scenario; the same seed makes the same one */
export function scenarioOf(seed: number): Scenario {
  const chance = new Chance(seed), version = chance.of<ProtocolVersion>([3, 4, 5, 5]);
  const heavy = chance.with(0.1),
    count = heavy ? 60 : chance.with(0.04) ? 300 : 2 + chance.below(24),
    hooks = chance.of([0, 1, 1, 1, 2]);
  const others = othersOf(chance, version),
    packets = packetsOf(chance, version, { count, heavy, mayBreak: !others.durable });
  const subscribers = [0, 1, 2].slice(0, chance.of([0, 1, 1, 2, 2, 3])).map((index) => subscriber(chance, index));
  const actions = Array.from({ length: hooks }, () => actionsOf(chance, count));
  return {
    ...{ version, packets, others, subscribers, heavy },
    actions,
    own: Array.from(
      { length: actions.some(({ what }) => what.includes("disconnect")) ? 0 : chance.of([0, 0, 0, 1, 2]) },
      () => filterOf(chance, version, false),
    ),
  };
}

function packetsOf(
  chance: Chance,
  version: ProtocolVersion,
  { count, heavy, mayBreak }: { count: number; heavy: boolean; mayBreak: boolean },
): Uint8Array[] {
  const qos = chance.of<QoS>([0, 1, 1, 2]), odd = chance.of([0, 0, 0.1, 0.3]);
  let next = chance.of([1, 65_530]);
  return Array.from({ length: count }, (_, index) => {
    const isOdd = chance.with(odd),
      packetId = isOdd && chance.with(0.3) ? Math.max(1, next - 1 - chance.below(4)) : next;
    next = next % 65_535 + 1;
    const payload = new TextEncoder().encode(
      `m${index}.${
        String.fromCharCode(97 + index % 26).repeat(
          heavy ? 2_000 + chance.below(6_000) : chance.of([0, 1, 40, chance.below(140)]),
        )
      }`,
    );
    const packet: PublishPacket = {
      ...{ type: PacketType.PUBLISH, topic: "t", payload, qos, packetId: qos === 0 ? 0 : packetId },
      ...{ retain: false, dup: false, ...(isOdd ? oddity(chance, version, qos) : {}) },
    };
    const bytes = encodePacket(packet, version, { from: "client" })!;
    if (mayBreak && isOdd && qos > 0 && chance.with(0.02)) bytes.set([0, 0], bytes.indexOf(0x74) + 1); // no Packet Identifier
    return bytes;
  });
}

function oddity(chance: Chance, version: ProtocolVersion, qos: QoS): Partial<PublishPacket> {
  const userProperties: [string, string][] = [["a", "b"]];
  return chance.of<Partial<PublishPacket>>([
    { dup: qos > 0 },
    { retain: true },
    { topic: "t/b" },
    { topic: "other" },
    { properties: version === 5 ? { userProperties } : undefined },
    {},
  ]);
}

function actionsOf(chance: Chance, count: number): Actions {
  const liveliness = chance.of([0, 0.1, 0.5]),
    ways = chance.of([["sync"], ["async"], ["sync", "async", "deep", "slow"]]);
  return {
    inPlace: chance.with(0.5),
    way: Array.from({ length: count }, () => chance.of(ways) as Actions["way"][number]),
    what: Array.from({ length: count }, () => chance.with(liveliness) ? lively(chance) : chance.of(["keep", "same"])),
  };
}

function lively(chance: Chance): Action {
  if (chance.with(0.05)) return chance.of(["late", "disconnect"]);
  return chance.of([
    "copy",
    "topic",
    "payload",
    "qos0",
    "qos1",
    "qos2",
    "retain",
    "properties",
    "refuse",
    "deny",
    "throw",
  ]);
}

function othersOf(chance: Chance, version: ProtocolVersion): OtherHooks {
  const sometimes = (share: number) => chance.with(share) ? chance.of(["sync", "async"] as const) : undefined;
  return {
    ...{ published: chance.with(0.2), select: sometimes(0.15), acl: sometimes(0.3), store: sometimes(0.2) },
    durable: version === 5 && chance.with(0.5), // an acknowledgement that waits is not sent any more behind an error
    deaf: chance.with(0.2) ? "s1" : undefined,
    readOnlyTopic: chance.with(0.2) ? chance.of(["t", "t/b"]) : undefined,
  };
}

function subscriber(chance: Chance, index: number): SubscriberPlan {
  const version = chance.of<ProtocolVersion>([4, 5, 5]), offline = chance.with(0.15);
  const filters = Array.from({ length: chance.of([1, 1, 1, 2]) }, () => filterOf(chance, version, true));
  const properties: Properties = { sessionExpiryInterval: 1_000 };
  if (chance.with(0.2)) properties.maximumPacketSize = 60;
  if (chance.with(0.3)) properties.receiveMaximum = 1 + chance.below(20);
  if (chance.with(0.1)) properties.topicAliasMaximum = 2;
  return { clientId: `s${index}`, version, filters, properties: version === 5 ? properties : {}, offline };
}

function filterOf(chance: Chance, version: ProtocolVersion, mayShare: boolean): SubscriberPlan["filters"][number] {
  const shared = mayShare && version === 5 && chance.with(0.2);
  return {
    filter: shared ? "$share/g/t" : chance.of(["t", "t", "#", "+", "t/#"]),
    qos: chance.of<QoS>([0, 1, 2, 2]),
    identifier: version === 5 && chance.with(0.1) ? 7 : undefined,
    noLocal: !shared && version === 5 && chance.with(0.3),
    asPublished: version === 5 && chance.with(0.5),
  };
}

/** The hooks of a scenario; they write down what they see. */
export function hooksOf(
  { actions, others }: Scenario,
  clock: Timers,
) {
  const log = new HookLog();
  const hooks: Hook[] = actions.map((plan, index) => actionHook(`hook ${index}`, plan, { log, clock }));
  return { log, hooks: [...hooks, ...otherHooks(others, log)] };
}
