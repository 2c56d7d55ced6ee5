/** What has been found out about a Topic Name that comes again and again.
 * @module */
import { StringCache } from "../packets/string_cache.ts";
import { isAscii } from "../packets/utf8.ts";

/**
 * A Topic Name with what others have found out about it, so that a message to it takes one lookup and not one for each of them
 * (`tests/bench/publish_bench.ts`). Each writes only its own part, and has to be able to do without.
 */
export class KnownTopic {
  /** The Topic Name; empty where only a Topic Alias was sent. */
  readonly name: string;
  /** True once it has been checked. */
  isValid = false;
  /** What the cache of matches knows of it. */
  match: object | undefined = undefined;
  /** The place of its retained message. */
  retained: object | undefined = undefined;

  /** @param name the Topic Name */
  constructor(name: string) {
    this.name = name;
  }
}

/** Of a message that has only a Topic Alias. */
export const NO_TOPIC: KnownTopic = new KnownTopic("");

/** A longer one is of no use to its publisher: each connection would hold 128 KiB. */
const LONGEST_LIKELY = 1_024;

/** The topics of a broker that it knows by their bytes. */
export class KnownTopics {
  readonly #cache: StringCache<KnownTopic> = new StringCache((name) => new KnownTopic(name));

  /**
   * Finds a topic.
   *
   * @param buffer where its name is
   * @param start first byte of the name
   * @param end behind it
   * @param likely a topic that it may well be: that is found out first
   * @returns the topic, a new one each time where the name is too long to be kept
   * @throws {MqttError} 0x81 when the bytes are no text
   */
  read(buffer: Uint8Array, start: number, end: number, likely: KnownTopic): KnownTopic {
    if (start === end) return NO_TOPIC;
    return isAscii(likely.name, buffer, start, end) ? likely : this.#cache.decode(buffer, start, end);
  }

  /**
   * What is likely to be next after a topic.
   *
   * @param topic the last one of a client
   * @returns the same, as long as it is short enough to be held
   */
  likelyAfter(topic: KnownTopic): KnownTopic {
    return topic.name.length > LONGEST_LIKELY ? NO_TOPIC : topic;
  }
}
