/** The broker's own client: publish and subscribe without a connection.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { copyProperties } from "../../packets/copy_properties.ts";
import { MqttError } from "../../packets/errors.ts";
import type { Properties, QoS } from "../../packets/types.ts";
import { Client, INLINE_ID } from "../../session/client.ts";
import { type InlineHandler, NEVER_EXPIRES, Session } from "../../session/session.ts";
import { parseTopicFilter } from "../../topics/topic_filter.ts";
import type { Core } from "../core/core.ts";
import { lowerQos } from "../outbound/deliver.ts";
import { callInline } from "../outbound/inline_delivery.ts";
import { publish } from "../routing/route_message.ts";
import type { Message } from "../../session/message.ts";
import { checkHandler, checkPayload, checkQos, checkSendable, checkText } from "./inline_arguments.ts";
import { addSubscription, removeSubscription } from "../routing/subscriptions.ts";

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
  /** A session for each pair of filter and number: the tree finds them like those of any client, each with its own QoS. */
  readonly #sessions = new Map<string, Map<number, Session>>();
  #last: Promise<unknown> | undefined;

  /** @param core the broker */
  constructor(core: Core) {
    this.#core = core;
    this.client.session = this.#newSession();
  }

  #newSession(): Session {
    return new Session(this.client, NEVER_EXPIRES, this.#core.deliveries);
  }

  /** Publishes a message; resolves once it is routed, and stored where storage is in use. */
  async publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void> {
    const { maximumTopicLevels, maximumQos } = this.#core.options.capabilities;
    const { qos = 0, retain, properties } = options;
    checkText("publish to", topic);
    checkPayload(topic, payload);
    checkQos(`publish to ${topic}`, qos);
    checkSendable(topic, properties, maximumTopicLevels);
    const message = this.#core.message({
      topic,
      payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload.slice(), // hooks may write into it
      qos: lowerQos(qos, maximumQos),
      retain,
      properties: copyProperties(properties),
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

  /** Resolves when all that was published has reached its receivers; what a store has yet to keep is not waited for. Never rejects. */
  async settled(): Promise<void> {
    while (this.#last !== undefined) await Promise.allSettled([this.#last]);
  }

  /** Subscribes; retained messages come at once. */
  subscribe(topicFilter: string, handler: InlineHandler, options: InlineSubscribeOptions): void {
    const core = this.#core, { id = 0, qos = 2 } = options;
    checkText("subscribe to", topicFilter);
    checkHandler(topicFilter, handler);
    checkQos(`subscribe to ${topicFilter}`, qos);
    const filter = parseTopicFilter(topicFilter, core.options.capabilities);
    if (filter.shareName !== undefined && !core.options.capabilities.sharedSubAvailable) {
      throw new MqttError(
        ReasonCode.SharedSubscriptionsNotSupported,
        `Cannot subscribe to ${topicFilter}: shared subscriptions are not available`,
      );
    }
    const sessions = this.#sessions.get(topicFilter) ?? new Map<number, Session>();
    const session = sessions.get(id) ?? this.#newSession();
    this.#sessions.set(topicFilter, sessions.set(id, session));
    session.inlineHandler = handler;
    const rest = { noLocal: false, retainAsPublished: true, retainHandling: 0 } as const;
    addSubscription(core, session, { filter, options: { qos, identifier: id, ...rest } });
    if (filter.shareName === undefined) this.#replay(session, { filter: filter.filter, qos });
  }

  #replay(session: Session, { filter, qos }: { filter: string; qos: QoS }): void {
    const handler = session.inlineHandler;
    for (const kept of this.#core.retained.match(filter)) {
      if (session.ended || session.inlineHandler !== handler) return; // it has heard enough
      const message = kept.open();
      const delivery = { qos: lowerQos(message.qos, qos), retain: true };
      callInline(this.#core, this.client, { message, session, delivery });
    }
  }

  /** Takes back what {@linkcode InlineClient.subscribe} did. @returns false when there was no such subscription */
  unsubscribe(topicFilter: string, id: number): boolean {
    const sessions = this.#sessions.get(topicFilter), session = sessions?.get(id);
    if (sessions === undefined || session === undefined) return false;
    sessions.delete(id);
    if (sessions.size === 0) this.#sessions.delete(topicFilter);
    removeSubscription(this.#core, session, topicFilter);
    session.ended = true; // what is being routed does not reach it any more
    return true;
  }
}
