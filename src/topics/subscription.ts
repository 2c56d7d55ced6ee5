/** Subscriptions as the tree keeps them and as a match hands them out.
 * @module */

import type { QoS } from "../packets/types.ts";
import type { ParsedFilter } from "./topic_filter.ts";

/** What a client asked for with a filter (3.8.3.1). */
export interface SubscriptionOptions {
  /** Granted maximum QoS. */
  qos: QoS;
  /** No Local: not sent back to the ClientID that published. */
  noLocal: boolean;
  /** Retain As Published: the RETAIN flag is kept. */
  retainAsPublished: boolean;
  /** Retain Handling: when retained messages are sent. */
  retainHandling: 0 | 1 | 2;
  /** Subscription Identifier, 0 when there is none. */
  identifier: number;
}

/** One filter of one subscriber. Its options are getters, so copy them by name instead of spreading the object. */
export interface Subscription<S> extends Readonly<SubscriptionOptions> {
  /** Who subscribed. */
  readonly subscriber: S;
  /** The filter with its parts. */
  readonly filter: ParsedFilter;
}

/** One receiver of a topic with all of its matching subscriptions that are not shared, merged into one delivery. */
export interface MatchedSubscriber<S> {
  /** Who receives. */
  readonly subscriber: S;
  /** The highest QoS of the matching subscriptions. */
  readonly qos: QoS;
  /** Whether all of the matching subscriptions ask for No Local. */
  readonly noLocal: boolean;
  /** Whether any of the matching subscriptions asks for Retain As Published. */
  readonly retainAsPublished: boolean;
  /** The Subscription Identifiers of the matching subscriptions, `undefined` when there are none. */
  readonly identifiers: readonly number[] | undefined;
  /** The matching subscriptions. May be made at each read, so look at it only where the merged values do not do. */
  readonly subscriptions: readonly Subscription<S>[];
}

/**
 * A subscription in its smallest form; it is its own {@linkcode MatchedSubscriber} where it is the only match, so that
 * a fan-out to many subscribers allocates nothing for each.
 */
export class HeldSubscription<S> implements Subscription<S>, MatchedSubscriber<S> {
  /** Who subscribed. */
  readonly subscriber: S;
  /** The filter with its parts. */
  readonly filter: ParsedFilter;
  /** The Subscription Identifier in an array, `undefined` when there is none. */
  readonly identifiers: readonly number[] | undefined;
  readonly #bits: number;

  /**
   * Packs the options.
   *
   * @param subscriber who subscribes
   * @param filter the filter with its parts
   * @param options what was asked for
   */
  constructor(subscriber: S, filter: ParsedFilter, options: Readonly<SubscriptionOptions>) {
    this.subscriber = subscriber;
    this.filter = filter;
    this.identifiers = options.identifier === 0 ? undefined : [options.identifier];
    this.#bits = packOptions(options);
  }

  /** Granted maximum QoS. */
  get qos(): QoS {
    return (this.#bits & 3) as QoS;
  }

  /** No Local. */
  get noLocal(): boolean {
    return (this.#bits & 4) !== 0;
  }

  /** Retain As Published. */
  get retainAsPublished(): boolean {
    return (this.#bits & 8) !== 0;
  }

  /** Retain Handling. */
  get retainHandling(): 0 | 1 | 2 {
    return (this.#bits >> 4) as 0 | 1 | 2;
  }

  /** Subscription Identifier, 0 when there is none. */
  get identifier(): number {
    return this.identifiers === undefined ? 0 : this.identifiers[0];
  }

  /** This subscription alone. */
  get subscriptions(): readonly Subscription<S>[] {
    return [this];
  }

  /**
   * Tells whether a renewed subscription would change nothing.
   *
   * @param options what is asked for now
   * @returns true when all options are the same
   */
  hasOptions(options: Readonly<SubscriptionOptions>): boolean {
    return this.#bits === packOptions(options) && this.identifier === options.identifier;
  }
}

/** The merge of several overlapping subscriptions of one subscriber. */
export class MergedSubscriber<S> implements MatchedSubscriber<S> {
  /** Who receives. */
  readonly subscriber: S;
  /** The highest QoS. */
  qos: QoS;
  /** Whether all ask for No Local. */
  noLocal: boolean;
  /** Whether any asks for Retain As Published. */
  retainAsPublished: boolean;
  /** The Subscription Identifiers, one for each subscription that has one. */
  identifiers: number[] | undefined;
  /** The merged subscriptions. */
  readonly subscriptions: HeldSubscription<S>[];

  /**
   * Merges the first two.
   *
   * @param first the subscription that was met first
   * @param second another one of the same subscriber
   */
  constructor(first: HeldSubscription<S>, second: HeldSubscription<S>) {
    this.subscriber = first.subscriber;
    // [MQTT-3.3.4-2]
    this.qos = first.qos > second.qos ? first.qos : second.qos;
    this.noLocal = first.noLocal && second.noLocal;
    this.retainAsPublished = first.retainAsPublished || second.retainAsPublished;
    // [MQTT-3.3.4-4]
    const identifiers = [...first.identifiers ?? [], ...second.identifiers ?? []];
    this.identifiers = identifiers.length === 0 ? undefined : identifiers;
    this.subscriptions = [first, second];
  }

  /**
   * Takes one more subscription in. Done while a result is built, never after it was handed out.
   *
   * @param next another subscription of the same subscriber
   */
  add(next: HeldSubscription<S>): void {
    if (next.qos > this.qos) this.qos = next.qos;
    this.noLocal &&= next.noLocal;
    this.retainAsPublished ||= next.retainAsPublished;
    if (next.identifiers !== undefined) (this.identifiers ??= []).push(next.identifiers[0]);
    this.subscriptions.push(next);
  }
}

function packOptions(options: Readonly<SubscriptionOptions>): number {
  return options.qos | (options.noLocal ? 4 : 0) | (options.retainAsPublished ? 8 : 0) | (options.retainHandling << 4);
}
