/** The broker's own client: publish and subscribe without a connection.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { encodePacket } from "../../packets/codec.ts";
import { MqttError } from "../../packets/errors.ts";
import { PacketType, type Properties, type QoS } from "../../packets/types.ts";
import { Client } from "../../session/client.ts";
import { type InlineHandler, NEVER_EXPIRES, Session } from "../../session/session.ts";
import { parseTopicFilter } from "../../topics/topic_filter.ts";
import { validateTopicName } from "../../topics/topic_name.ts";
import type { Core } from "../core/core.ts";
import { lowerQos } from "../outbound/deliver.ts";
import { replayInline } from "../routing/retain.ts";
import { publish } from "../routing/route_message.ts";
import type { Message } from "../../session/message.ts";
import { addSubscription, removeSubscription } from "../routing/subscriptions.ts";

/** ClientID of the broker itself; too unlikely for a client to have, and refused to clients. */
export const INLINE_ID = "$inline";

/** How the broker publishes. */
export interface PublishOptions {
  /** QoS, default 0. */
  qos?: QoS;
  /** RETAIN, default false. */
  retain?: boolean;
  /** MQTT 5 properties. */
  properties?: Properties;
}

/** How the broker subscribes. */
export interface InlineSubscribeOptions {
  /** Tells handlers of the same filter apart, 0 to 268,435,455, default 0. A second handler with the same number replaces the first. */
  id?: number;
  /** Highest QoS, default 2. */
  qos?: QoS;
}

/** Publishes and subscribes in the name of the broker. */
export class InlineClient {
  /** Who hooks see. */
  readonly client: Client = new Client({ id: INLINE_ID, protocolVersion: 5, transport: "inline", inline: true });
  readonly #core: Core;
  readonly #session: Session;
  #last: Promise<unknown> | undefined;

  /** @param core the broker */
  constructor(core: Core) {
    this.#core = core;
    this.#session = new Session(this.client, NEVER_EXPIRES, core.deliveries);
    this.#session.inlineHandlers = new Map();
    this.client.session = this.#session;
  }

  /** Publishes a message; resolves once it is routed, and stored where storage is in use. */
  async publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void> {
    const { maximumTopicLevels, maximumQos } = this.#core.options.capabilities;
    validateTopicName(topic, maximumTopicLevels);
    checkSendable(topic, options.properties);
    const message = this.#core.message({
      topic,
      payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload,
      qos: lowerQos(options.qos ?? 0, maximumQos),
      retain: options.retain,
      properties: options.properties,
      publisherId: INLINE_ID,
      receivedAt: this.#core.now(),
    });
    const { commits } = await this.#inOrder(() => publish(this.#core, this.client, message));
    if (commits !== undefined) await Promise.all(commits);
  }

  /** Keeps the order of messages while an async hook holds one up. */
  #inOrder(send: () => Message | Promise<Message>): Message | Promise<Message> {
    const routed = this.#last === undefined ? send() : this.#last.then(send, send);
    if (!(routed instanceof Promise)) return routed;
    this.#last = routed;
    const done = () => {
      if (this.#last === routed) this.#last = undefined;
    };
    routed.then(done, done);
    return routed;
  }

  /** Subscribes; retained messages come at once. */
  subscribe(topicFilter: string, handler: InlineHandler, options: InlineSubscribeOptions): void {
    const core = this.#core, id = options.id ?? 0;
    const filter = parseTopicFilter(topicFilter, core.options.capabilities.maximumTopicLevels);
    if (filter.shareName !== undefined && !core.options.capabilities.sharedSubAvailable) {
      throw new MqttError(
        ReasonCode.SharedSubscriptionsNotSupported,
        `Cannot subscribe to ${topicFilter}: shared subscriptions are not available`,
      );
    }
    const handlers = this.#session.inlineHandlers!.get(topicFilter) ?? new Map<number, InlineHandler>();
    this.#session.inlineHandlers!.set(topicFilter, handlers.set(id, handler));
    const subscription = {
      filter,
      options: {
        qos: options.qos ?? 2,
        noLocal: false,
        retainAsPublished: true,
        retainHandling: 0,
        identifier: id,
      } as const,
    };
    addSubscription(core, this.#session, subscription);
    if (filter.shareName === undefined) replayInline(core, this.#session, subscription);
  }

  /** Takes back what {@linkcode InlineClient.subscribe} did. @returns false when there was no such subscription */
  unsubscribe(topicFilter: string, id: number): boolean {
    const handlers = this.#session.inlineHandlers!.get(topicFilter);
    if (handlers === undefined || !handlers.delete(id)) return false;
    if (handlers.size === 0) {
      this.#session.inlineHandlers!.delete(topicFilter);
      removeSubscription(this.#core, this.#session, topicFilter);
    }
    return true;
  }
}

const EMPTY = new Uint8Array(0);

/**
 * Checks that subscribers can be sent what a program publishes; what clients publish was decoded.
 * @throws MqttError 0x81 or 0x82
 */
function checkSendable(topic: string, properties: Properties | undefined): void {
  const { topicAlias, subscriptionIdentifiers } = properties ?? {};
  if (topicAlias !== undefined || subscriptionIdentifiers !== undefined) {
    throw new MqttError(
      ReasonCode.ProtocolError,
      `Cannot publish to ${topic}: aliases and identifiers are made for each subscriber`,
    );
  }
  const rest = { payload: EMPTY, qos: 0, retain: false, dup: false, packetId: 0 } as const;
  encodePacket({ type: PacketType.PUBLISH, topic, properties, ...rest }, 5);
}
