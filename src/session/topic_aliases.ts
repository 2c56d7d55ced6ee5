/** Topic Aliases of one connection, one class for each direction (3.3.2.3.4).
 * @module */
import { ReasonCode } from "../packets/reason_codes.ts";
import { MqttError } from "../packets/errors.ts";
import type { KnownTopic } from "../topics/known_topic.ts";
import type { AliasTotals } from "./alias_totals.ts";
import { ALIAS, costOfText } from "./cost.ts";

/** Aliases that a client has set. They end with the connection [MQTT-3.3.2-7]. */
export class InboundAliases {
  readonly #totals: AliasTotals;
  #topics: (KnownTopic | undefined)[] = [];
  #maximum: number;
  #bytes = 0;

  /**
   * @param maximum the broker's Topic Alias Maximum, 0 to 65,535
   * @param totals of all clients; when they take too much there are no aliases for a client that comes
   */
  constructor(maximum: number, totals: AliasTotals) {
    this.#totals = totals;
    this.#maximum = totals.areOffered ? maximum : 0;
  }

  /** What the client is told: 0 for none. */
  get maximum(): number {
    return this.#maximum;
  }

  /**
   * Finds the topic of a PUBLISH that carries an alias, and remembers a new mapping.
   * @param alias the Topic Alias
   * @param topic the topic, without a name when only the alias was sent
   * @returns the topic
   * @throws MqttError 0x94 for 0 and above the maximum [MQTT-3.3.2-8] [MQTT-3.3.2-9], 0x82 for an alias that is not mapped, 0x97 when the
   * aliases of all clients take too much
   */
  resolve(alias: number, topic: KnownTopic): KnownTopic {
    if (alias === 0 || alias > this.#maximum) {
      throw new MqttError(
        ReasonCode.TopicAliasInvalid,
        `Cannot use topic alias: current value is ${alias}, the maximum is ${this.#maximum}`,
      );
    }
    if (topic.name !== "") return this.#set(alias, topic);
    const known = this.#topics[alias];
    if (known === undefined) {
      throw new MqttError(ReasonCode.ProtocolError, `Cannot resolve topic alias ${alias}: it has no topic`);
    }
    return known;
  }

  #set(alias: number, topic: KnownTopic): KnownTopic {
    const growth = costOf(topic) - costOf(this.#topics[alias]);
    if (!this.#totals.take(growth, this.#bytes)) {
      throw new MqttError(ReasonCode.QuotaExceeded, "Cannot use topic alias: there is no memory for one more");
    }
    this.#bytes += growth;
    return this.#topics[alias] = topic;
  }

  /** The connection has ended: gives back what they take. */
  end(): void {
    this.#totals.take(-this.#bytes, this.#bytes);
    this.#topics = [];
    this.#bytes = this.#maximum = 0;
  }
}

function costOf(topic: KnownTopic | undefined): number {
  return topic === undefined ? 0 : costOfAlias(topic.name);
}

function costOfAlias(topic: string): number {
  return ALIAS + costOfText(topic);
}

/** What to send for a topic. */
export interface AliasUse {
  /** The alias to send. */
  readonly alias: number;
  /** True when the client knows it already, so that the Topic Name is left out. */
  readonly known: boolean;
}

/** Aliases that the broker has set; the one used longest ago gives way. */
export class OutboundAliases {
  readonly #totals: AliasTotals;
  readonly #aliases = new Map<string, number>();
  readonly #maximum: number;
  #bytes = 0;

  /**
   * @param maximum 1 to the client's Topic Alias Maximum [MQTT-3.3.2-11]
   * @param totals of all clients; when they take too much topics are sent without an alias
   */
  constructor(maximum: number, totals: AliasTotals) {
    this.#maximum = maximum;
    this.#totals = totals;
  }

  /**
   * The alias for a topic. Call it only for a packet that is sent, as the client then knows the mapping.
   * @returns `undefined` when there is no memory for it
   */
  use(topic: string): AliasUse | undefined {
    const known = this.#aliases.get(topic);
    if (known === undefined) return this.#begin(topic);
    this.#aliases.delete(topic);
    this.#aliases.set(topic, known);
    return { alias: known, known: true };
  }

  #begin(topic: string): AliasUse | undefined {
    const oldest = this.#aliases.size < this.#maximum ? undefined : this.#aliases.entries().next().value!;
    const growth = costOfAlias(topic) - (oldest === undefined ? 0 : costOfAlias(oldest[0]));
    if (!this.#totals.take(growth, this.#bytes)) return undefined;
    this.#bytes += growth;
    const alias = oldest === undefined ? this.#aliases.size + 1 : oldest[1];
    if (oldest !== undefined) this.#aliases.delete(oldest[0]);
    this.#aliases.set(topic, alias);
    return { alias, known: false };
  }

  /** The connection has ended: gives back what they take. */
  end(): void {
    this.#totals.take(-this.#bytes, this.#bytes);
    this.#aliases.clear();
    this.#bytes = 0;
  }
}
