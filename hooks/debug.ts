/** A hook that logs what happens in the broker, for people who look for the cause of something.
 * @module */
import { checkOptions, type Kinds } from "../src/hook/check_options.ts";
import type { DisconnectInfo, GrantedSubscription, Hook } from "../src/hook/hook.ts";
import { type Logger, silentLogger } from "../src/hook/logger.ts";
import { type Packet, PacketType } from "../src/packets/types.ts";
import type { Client } from "../src/session/client.ts";
import type { InflightRecord } from "../src/session/inflight.ts";
import type { MessageView } from "../src/session/message_view.ts";
import { describePacket, packetName, previewPayload } from "./debug_packet.ts";

/**
 * What can be logged.
 * - `lifecycle`: the broker started and stopped;
 * - `connections`: clients connect, get their session and disconnect;
 * - `packets`: packets that were read and sent, but pings;
 * - `pings`: PINGREQ and PINGRESP;
 * - `subscriptions`: subscribed and unsubscribed;
 * - `messages`: published and dropped;
 * - `retained`: set, cleared, sent to new subscriptions and expired;
 * - `qos`: QoS 1 and 2 exchanges;
 * - `wills`: sent or given up;
 * - `sessions`: ended.
 */
export type DebugEvent =
  | "lifecycle"
  | "connections"
  | "packets"
  | "pings"
  | "subscriptions"
  | "messages"
  | "retained"
  | "qos"
  | "wills"
  | "sessions";

/** All events, in the order of the documentation. */
export const debugEvents: readonly DebugEvent[] = [
  "lifecycle",
  "connections",
  "packets",
  "pings",
  "subscriptions",
  "messages",
  "retained",
  "qos",
  "wills",
  "sessions",
];

/** Options of {@linkcode debug}. */
export interface DebugOptions {
  /** What to log; by default everything but `pings`. */
  events?: readonly DebugEvent[];
  /** How many bytes of each payload to show, 0 (the default) for none. */
  payloadBytes?: number;
  /** The level of the lines, by default `debug`. */
  level?: "debug" | "info";
}

const OPTIONS: Kinds<DebugOptions> = { events: "list", payloadBytes: [0, 1_048_576], level: "any" };

type Log = (message: string, fields?: Record<string, unknown>) => void;

/** What the functions of the hook share. */
interface Context {
  readonly log: Log;
  readonly payloadBytes: number;
}

/**
 * Makes a hook that logs what happens. Passwords and authentication data are never logged; payloads only when
 * `payloadBytes` says so.
 *
 * @param options what to log
 * @returns the hook, for `broker.addHook`
 * @throws {TypeError} for an event, a level or an option that does not exist, {RangeError} for other payload bytes
 *
 * @example
 * ```ts
 * import { Broker, debug } from "@mochi/broker";
 *
 * await using broker = new Broker();
 * await broker.addHook(debug({ events: ["connections", "packets"], payloadBytes: 64 }));
 * ```
 */
export function debug(options: DebugOptions = {}): Hook {
  checkOptions(options, OPTIONS);
  const { events = debugEvents.filter((event) => event !== "pings"), payloadBytes = 0, level = "debug" } = options;
  const unknown = events.find((event) => !debugEvents.includes(event));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot log event "${unknown}": events are ${debugEvents.join(", ")}`);
  }
  if (level !== "debug" && level !== "info") {
    throw new TypeError(`Cannot use level: current value is ${level}, expected debug or info`);
  }
  let logger: Logger = silentLogger;
  const context: Context = { log: (message, fields) => logger[level](message, fields), payloadBytes };
  const parts = events.filter(isPart).map((event) => PARTS[event](context));
  return {
    id: "debug",
    init: (_options, { logger: given }) => {
      logger = given;
    },
    ...packetPart(context, events),
    ...Object.assign({}, ...parts) as Partial<Hook>,
  };
}

type Part = Exclude<DebugEvent, "packets" | "pings">;

function isPart(event: DebugEvent): event is Part {
  return event !== "packets" && event !== "pings";
}

const PARTS: { readonly [event in Part]: (context: Context) => Partial<Hook> } = {
  lifecycle: ({ log }) => ({
    onStarted: () => log("started"),
    onStopped: () => log("stopped"),
  }),
  connections: ({ log }) => ({
    onConnect: (client) => log("connecting", { ...who(client), remote: client.remoteAddress }),
    onSessionEstablished: (client) => log("connected", { ...who(client), listener: client.listenerId }),
    onDisconnect: (client, info) => log("disconnected", { ...who(client), ...howItEnded(info) }),
  }),
  subscriptions: ({ log }) => ({
    onSubscribed: (client, subscriptions) => {
      for (const subscription of subscriptions) log("subscribed", { ...who(client), ...granted(subscription) });
    },
    onUnsubscribed: (client, topicFilters) => log("unsubscribed", { ...who(client), filters: topicFilters }),
  }),
  messages: (context) => ({
    onPublished: (client, message) => context.log("published", { ...who(client), ...what(message, context) }),
    onPublishDropped: (client, message, reason) =>
      context.log("dropped", { ...who(client), reason, ...what(message, context) }),
  }),
  retained: (context) => ({
    onRetainMessage: (client, message) =>
      context.log(message.payload.length === 0 ? "retained message cleared" : "retained message set", {
        ...who(client),
        ...what(message, context),
      }),
    onRetainPublished: (client, message) =>
      context.log("retained message sent", { ...who(client), ...what(message, context) }),
    onRetainedExpired: (topic) => context.log("retained message expired", { topic }),
  }),
  qos: ({ log }) => ({
    onQosPublish: (client, record) => log("exchange", { ...who(client), ...exchange(record) }),
    onQosComplete: (client, record) => log("exchange complete", { ...who(client), ...exchange(record) }),
    onQosDropped: (client, record) => log("exchange given up", { ...who(client), ...exchange(record) }),
    onPacketIdExhausted: (client, { topic }) => log("no packet identifier left", { ...who(client), topic }),
  }),
  wills: (context) => ({
    onWillSent: (client, message) => context.log("will", { ...who(client), ...what(message, context) }),
    onWillDropped: (client, { topic }, reason) => context.log("will dropped", { ...who(client), topic, reason }),
  }),
  sessions: ({ log }) => ({
    onClientExpired: (client) => log("session ended", who(client)),
  }),
};

function packetPart({ log, payloadBytes }: Context, events: readonly DebugEvent[]): Partial<Hook> {
  const packets = events.includes("packets");
  const pings = events.includes("pings");
  if (!packets && !pings) return {};
  const write = (direction: string, client: Client, packet: Packet): void => {
    const isPing = packet.type === PacketType.PINGREQ || packet.type === PacketType.PINGRESP;
    if (isPing ? !pings : !packets) return;
    log(`${direction} ${packetName(packet)}`, { ...who(client), ...describePacket(packet, payloadBytes) });
  };
  return {
    onPacketRead: (client, packet) => write("read", client, packet),
    onPacketSent: (client, packet) => write("sent", client, packet),
  };
}

function who(client: Client): Record<string, unknown> {
  return { client: client.id, username: client.username };
}

function what(message: MessageView, { payloadBytes }: Context): Record<string, unknown> {
  const { topic, qos, retain, payload } = message;
  return { topic, qos, retain, bytes: payload.length, payload: previewPayload(payload, payloadBytes) };
}

function granted({ topicFilter, qos, reasonCode, identifier }: GrantedSubscription): Record<string, unknown> {
  return { filter: topicFilter, qos, reasonCode, identifier: identifier || undefined };
}

function exchange(record: InflightRecord): Record<string, unknown> {
  const { direction, state, packetId, qos, sequence, message } = record;
  return { direction, state, packetId, qos, sequence, topic: message?.topic };
}

function howItEnded({ reasonCode, error, sessionEnded }: DisconnectInfo): Record<string, unknown> {
  return { reasonCode, error: error?.message, sessionEnded };
}
