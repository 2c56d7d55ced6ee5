/** What subscribers have to receive of a PUBLISH, worked out slowly: nothing of the broker is used but its types. */
import fc from "fast-check";
import type { Properties, ProtocolVersion, QoS } from "../../src/packets/types.ts";
import { joined } from "../packets/bytes.ts";

/** A property as it is sent. */
type Sent = readonly [id: number, value: number | string | readonly [string, string]];

/** A message of the publisher. */
export interface Published {
  readonly topic: string;
  readonly payload: string;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Topic Alias; `bare` leaves the topic out where the alias stands for it already. */
  readonly alias: number;
  readonly bare: boolean;
  readonly properties: readonly Sent[];
}

/** A subscriber. */
export interface SubscriberPlan {
  readonly version: ProtocolVersion;
  readonly filters: readonly string[];
  readonly qos: QoS;
  readonly identifier: number;
  readonly asPublished: boolean;
  readonly aliases: number;
  readonly maximumPacketSize: number | undefined;
  /** `away` connects when all is published, `stalled` takes one message at QoS 1 and 2 and acknowledges it then. */
  readonly kind: "live" | "away" | "stalled";
}

/** What happens. */
export interface Scenario {
  readonly version: ProtocolVersion;
  readonly subscribers: readonly SubscriberPlan[];
  /** Messages that are sent together, and the seconds that pass behind them. */
  readonly batches: readonly { readonly messages: readonly Published[]; readonly seconds: number }[];
  readonly cut: "together" | "each" | "bytes";
  readonly hook: "none" | "looks" | "looks later" | "rewrites" | "rewrites later" | "observed";
}

/** What a subscriber receives. */
export interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly properties: Properties;
}

const encoder = new TextEncoder();

function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

function u16(value: number): number[] {
  return [value >> 8, value & 255];
}

function text(value: string): Uint8Array {
  const bytes = encoder.encode(value);
  return joined(Uint8Array.from(u16(bytes.length)), bytes);
}

function property([id, value]: Sent): Uint8Array {
  if (typeof value === "string") return joined(Uint8Array.of(id), text(value));
  if (typeof value === "object") return joined(Uint8Array.of(id), text(value[0]), text(value[1]));
  if (id === 0x0b) return Uint8Array.from([id, ...varint(value)]);
  const size = id === 0x01 ? 1 : id === 0x23 ? 2 : 4;
  return Uint8Array.from([id, ...u16(value >>> 16), ...u16(value & 65_535)].toSpliced(1, 4 - size));
}

/** The bytes of a PUBLISH. */
export function publishBytes(
  version: ProtocolVersion,
  { topic, payload, qos, retain }: Pick<Received, "topic" | "payload" | "qos" | "retain">,
  { packetId, properties }: { packetId: number; properties: readonly Sent[] },
): Uint8Array {
  const content = joined(...properties.map(property)), isNew = version === 5;
  const body = joined(
    text(topic),
    Uint8Array.from([...qos > 0 ? u16(packetId) : [], ...isNew ? varint(content.length) : []]),
    isNew ? content : new Uint8Array(0),
    encoder.encode(payload),
  );
  return joined(Uint8Array.from([0x30 | qos << 1 | (retain ? 1 : 0), ...varint(body.length)]), body);
}

/** What the hook that rewrites makes of a message. */
export const REWRITTEN: { topic: string; added: readonly [string, string] } = { topic: "b/é", added: ["ü", "✓"] };

function rewritten(message: Published): Published {
  return { ...message, topic: REWRITTEN.topic, properties: [...message.properties, [0x26, REWRITTEN.added]] };
}

const NAMES = {
  1: "payloadFormatIndicator",
  2: "messageExpiryInterval",
  3: "contentType",
  8: "responseTopic",
  9: "correlationData",
} as Record<number, string>;

function decoded(properties: readonly Sent[]): Properties {
  const result: Record<string, unknown> = {};
  for (const [id, value] of properties) {
    if (id === 0x26) result.userProperties = [...result.userProperties as [] ?? [], value];
    else if (id === 0x0b) result.subscriptionIdentifiers = [...result.subscriptionIdentifiers as [] ?? [], value];
    else result[NAMES[id]] = id === 9 ? encoder.encode(value as string) : value;
  }
  return result as Properties;
}

function matches(filter: string, topic: string): boolean {
  return filter === "#" || filter === topic || filter === "b/+" && topic.startsWith("b/");
}

/** A message on its way, `age` is set when it leaves. */
function leaving(
  message: Published,
  to: SubscriberPlan,
  { age, qos }: { age: number; qos: QoS },
): Received | undefined {
  const matching = to.filters.filter((filter) => matches(filter, message.topic)).length;
  const interval = message.properties.find(([id]) => id === 2)?.[1] as number | undefined;
  if (interval !== undefined && age > 0 && interval <= age) return undefined;
  const kept = message.properties.map((one): Sent => one[0] === 2 ? [2, interval! - age] : one);
  const own = new Array<Sent>(to.identifier === 0 ? 0 : matching).fill([0x0b, to.identifier]);
  const properties = to.version === 5 ? [...own, ...kept] : [], retain = message.retain && to.asPublished;
  const received = { topic: message.topic, payload: message.payload, qos, retain };
  const { length } = publishBytes(to.version, received, { packetId: 1, properties });
  if (length > (to.maximumPacketSize ?? Infinity)) return undefined;
  return { ...received, properties: decoded(properties) };
}

/** What a subscriber receives, first at QoS 0, then at the others. */
export function expected({ batches, hook, version }: Scenario, to: SubscriberPlan): [Received[], Received[]] {
  const once: Received[] = [], more: Received[] = [];
  let now = 0, isStalled = to.kind === "away";
  const end = batches.reduce((sum, { seconds }) => sum + seconds, 0);
  for (const { messages, seconds } of batches) {
    for (const sent of messages) {
      const plain = version === 5 ? sent : { ...sent, properties: [] };
      const message = hook.startsWith("rewrites") ? rewritten(plain) : plain;
      if (!to.filters.some((filter) => matches(filter, message.topic))) continue;
      const qos = Math.min(message.qos, to.qos) as QoS;
      if (qos === 0 && to.kind === "away") continue;
      const received = leaving(message, to, { age: qos > 0 && isStalled ? end - now : 0, qos });
      if (received === undefined) continue;
      (qos === 0 ? once : more).push(received);
      if (qos > 0 && to.kind === "stalled") isStalled = true;
    }
    now += seconds;
  }
  return [once, more];
}

/** What somebody receives who subscribes to everything at the end, by topic. */
export function expectedRetained({ batches, hook, version }: Scenario, to: SubscriberPlan): Map<string, Received> {
  const kept = new Map<string, { message: Published; at: number }>();
  let now = 0;
  for (const { messages, seconds } of batches) {
    for (const sent of messages) {
      const plain = version === 5 ? sent : { ...sent, properties: [] };
      const message = hook.startsWith("rewrites") ? rewritten(plain) : plain;
      if (!message.retain) continue;
      if (message.payload === "") kept.delete(message.topic);
      else kept.set(message.topic, { message, at: now });
    }
    now += seconds;
  }
  const result = new Map<string, Received>();
  for (const [topic, { message, at }] of kept) {
    const qos = Math.min(message.qos, to.qos) as QoS;
    const received = leaving(message, { ...to, asPublished: true }, { age: now - at, qos });
    if (received !== undefined) result.set(topic, received);
  }
  return result;
}

const TOPICS = ["t", "b/é", "b/日本✓", "long/" + "x".repeat(130)];
const words = fc.constantFrom("", "a", "é✓", "日本", "x".repeat(60), "y".repeat(127), "z".repeat(400));

const properties = fc.record({
  1: fc.constantFrom(0, 1),
  2: fc.constantFrom(1, 3, 7, 300, 0xffff_ffff),
  3: words,
  8: fc.constantFrom("r", "r/é"),
  9: words,
}, { requiredKeys: [] }).chain((one) =>
  fc.array(fc.tuple(words, words), { maxLength: 3 }).chain((pairs) => {
    const single = Object.entries(one).map(([id, value]): Sent => [Number(id), value]);
    const all = [...single, ...pairs.map((pair): Sent => [0x26, pair])];
    return fc.shuffledSubarray(all, { minLength: all.length });
  })
);

const message: fc.Arbitrary<Published> = fc.record({
  topic: fc.constantFrom(...TOPICS),
  payload: fc.constantFrom("", "p", "payload é", "q".repeat(100), "r".repeat(1_200), "s".repeat(16_300)),
  qos: fc.constantFrom<QoS>(0, 1, 2),
  retain: fc.boolean(),
  alias: fc.constantFrom(0, 0, 1, 2, 3),
  bare: fc.boolean(),
  properties: fc.oneof(fc.constant([]), properties),
});

const subscriber: fc.Arbitrary<SubscriberPlan> = fc.record({
  version: fc.constantFrom<ProtocolVersion>(3, 4, 5, 5, 5),
  filters: fc.constantFrom(["#"], ["t"], ["b/+"], ["#", "b/+"], ["t", "b/é", "#"]),
  qos: fc.constantFrom<QoS>(0, 1, 2),
  identifier: fc.constantFrom(0, 0, 1, 200, 20_000, 268_435_455),
  asPublished: fc.boolean(),
  aliases: fc.constantFrom(0, 1, 2, 9),
  maximumPacketSize: fc.option(fc.integer({ min: 150, max: 900 }), { nil: undefined, freq: 2 }),
  kind: fc.constantFrom<SubscriberPlan["kind"]>("live", "live", "away", "stalled"),
}).map((plan) =>
  plan.version === 5 ? plan : {
    ...plan,
    identifier: 0,
    asPublished: false,
    aliases: 0,
    maximumPacketSize: undefined,
    kind: plan.kind === "stalled" ? "live" : plan.kind,
  }
);

/** Any scenario. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
  version: fc.constantFrom<ProtocolVersion>(4, 5, 5, 5),
  subscribers: fc.array(subscriber, { minLength: 1, maxLength: 4 }),
  batches: fc.array(
    fc.record({ messages: fc.array(message, { minLength: 1, maxLength: 6 }), seconds: fc.constantFrom(0, 1, 2, 5) }),
    { minLength: 1, maxLength: 4 },
  ),
  cut: fc.constantFrom("together", "each", "bytes"),
  hook: fc.constantFrom("none", "none", "looks", "looks later", "rewrites", "rewrites later", "observed"),
});
