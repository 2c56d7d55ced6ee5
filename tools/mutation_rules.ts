/**
 * What tools/mutate.ts knows of the files: who tests them, and what holds no rule of MQTT.
 *
 * An entry that names a file or a piece of code that is not there is an error of the tool.
 *
 * @module
 */

/** Suites that should notice a mutant, by the start of file names: the first that fits counts, the fastest suite first. */
export const SUITES_OF: Readonly<Record<string, readonly string[]>> = {
  "src/broker/lifecycle/restore.ts": ["broker", "storage"],
  "src/broker/": ["conformance", "broker"],
  "src/session/": ["session", "conformance", "broker"],
  "src/packets/": ["packets", "conformance"],
  "src/topics/": ["topics", "conformance"],
  "src/time/": ["time", "conformance", "broker"],
  "src/hook/": ["hook", "conformance", "broker"],
  "src/cli/": ["cli"],
};

/** Files without a rule: a mutant there changes the speed and nothing else. */
export const WITHOUT_RULES: Readonly<Record<string, readonly string[]>> = {
  "speed": ["src/packets/read_size.ts"],
};

/** A piece of code that may be another one: nobody would see it but in speed, memory or the log. */
export interface NoRule {
  /** The file. */
  readonly file: string;
  /** The code, as it stands there; a mutant that changes something within it is none. */
  readonly code: string;
}

/** Places without a rule in files that have rules, by what they decide. */
export const NO_RULES: Readonly<Record<string, readonly NoRule[]>> = {
  "when memory is renewed, copied or kept for the next time": [
    { file: "src/packets/framer.ts", code: "const oversized = this.#slab.length > 2 * size && pending <= size >>> 1" },
    { file: "src/packets/framer.ts", code: "< size >>> 2" },
    { file: "src/packets/framer.ts", code: "< chunk.length" },
    { file: "src/packets/framer.ts", code: "this.#slab.length > most" },
    { file: "src/packets/framer.ts", code: "<= this.#slab.length" },
    { file: "src/packets/slab.ts", code: "SMALLEST_KEPT = 4_096" },
    { file: "src/packets/slab.ts", code: "POOL_BYTES = 16_777_216" },
    { file: "src/packets/slab.ts", code: "> POOL_BYTES" },
    { file: "src/packets/writer.ts", code: "KEEP = 65_536" },
    { file: "src/packets/writer.ts", code: "this.buffer.length > Math.max(KEEP, this.#initialBytes)" },
    { file: "src/broker/core/turn.ts", code: "LARGEST_POOLED = 1_048_576" },
    { file: "src/broker/core/turn.ts", code: "POOL_BYTES = 16_777_216" },
    {
      file: "src/broker/core/turn.ts",
      code: "bytes > LARGEST_POOLED || this.#pooledBytes + bytes > POOL_BYTES",
    },
    { file: "src/broker/outbound/deliver.ts", code: "KEPT_IN_PLACE = 128" },
    { file: "src/broker/outbound/deliver.ts", code: "outbox.inflight.size >= KEPT_IN_PLACE" },
    { file: "src/session/record_queue.ts", code: "SLACK = 256" },
    {
      file: "src/session/record_queue.ts",
      code: "this.#head >= SLACK && this.#head * 2 >= this.#items.length",
    },
    {
      file: "src/broker/connection/ack_queue.ts",
      code: "this.#head > 1_024 && this.#head * 2 > this.#entries.length",
    },
    { file: "src/session/inflight_table.ts", code: "SMALLEST = 16" },
    { file: "src/session/inflight_table.ts", code: "LARGEST_KEPT = 1_024" },
    { file: "src/session/inflight_table.ts", code: "++this.#size * 2 > this.#places.length" },
    {
      file: "src/session/inflight_table.ts",
      code: "this.#size * SPARSE >= places.length || places.length <= LARGEST_KEPT",
    },
    { file: "src/session/inflight_table.ts", code: "SPARSE = 8" },
    { file: "src/packets/copies.ts", code: "CHUNK = 2_048" },
    { file: "src/packets/copies.ts", code: "LARGEST_SHARED = 512" },
    { file: "src/packets/writer.ts", code: "LOOP_COPY = 40" },
    { file: "src/packets/writer.ts", code: "length > LOOP_COPY" },
    { file: "src/session/message.ts", code: "buffer.length > length + 64" },
    { file: "src/session/message.ts", code: "!this.#isOwn" }, // whether decoded properties are kept beside their bytes
    { file: "src/session/retained_rooms.ts", code: "STEP = 64" },
    { file: "src/packets/string_cache.ts", code: "WORDS = 16" },
    { file: "src/packets/string_cache.ts", code: "+ count > words.length" },
    { file: "src/packets/string_cache.ts", code: ">= places.length / 2" },
    { file: "src/topics/match_cache.ts", code: "this.#young.size < this.#topics && this.#bytes < this.#room" },
    { file: "src/topics/match_cache.ts", code: "> LARGE * this.#room" },
    { file: "src/topics/match_cache.ts", code: "TOPIC = 96" },
    { file: "src/topics/change_log.ts", code: "changes.length >= 2 * kept" },
    { file: "src/topics/change_log.ts", code: "CHANGE = 224" },
    { file: "src/topics/level_trie.ts", code: "LONGEST_KEPT_TEXT = 512" },
    { file: "src/topics/level_trie.ts", code: "> LONGEST_KEPT_TEXT" },
    {
      file: "src/time/scheduler.ts",
      code: "++this.#cancelled * 2 > this.#heap.length && this.#heap.length > 64",
    },
  ],
  "which of two ways with the same result is the faster one": [
    { file: "src/packets/framer.ts", code: "< 0) return false" }, // a length that takes more bytes is never 0
    { file: "src/packets/framer.ts", code: "> 0) bytes.set" },
    { file: "src/packets/encode_publish.ts", code: "LOOP_COPY = 32" },
    { file: "src/packets/encode_publish.ts", code: "length > LOOP_COPY" },
    { file: "src/packets/utf8.ts", code: "LOOP_LIMIT = 128" },
    { file: "src/packets/utf8.ts", code: "<= LOOP_LIMIT" },
    { file: "src/topics/topic_name.ts", code: "index < name.length; index++" }, // what is behind the end equals nothing
    { file: "src/topics/topic_name.ts", code: "text.length * 3 <= MAXIMUM_BYTES" },
    { file: "src/topics/match_result.ts", code: "SCAN_LIMIT = 16" },
    { file: "src/topics/match_result.ts", code: "this.#index === undefined && list.length > SCAN_LIMIT" },
    { file: "src/packets/string_cache.ts", code: "index < count; index++) words" }, // a word more is written over by the next string
    { file: "src/topics/share_dispatch.ts", code: "step < members.length" },
    { file: "src/time/scheduler.ts", code: "< this.#timerDue" },
    { file: "src/session/outbox.ts", code: "> this.#nextPacketId" },
    { file: "src/broker/routing/subscriptions.ts", code: "shares > 0" }, // who has none is looked through in vain
    { file: "src/session/outbox.ts", code: "> 0) this.#replay ??=" }, // an empty map has no first value either
    { file: "src/broker/routing/deliver_all.ts", code: "message.retain) message.clearRetainInPacket" }, // or it is copied for each
    { file: "src/broker/core/reading_order.ts", code: "index > 0 &&" }, // the time begins with the first one
    { file: "src/broker/core/portions.ts", code: "< works.length) this.#waiting" }, // nothing is left of all of them
    { file: "src/broker/connection/refusal.ts", code: "> 5 ? 5" }, // nobody is refused for 5 itself
  ],
  "which of two that are equal is taken": [
    { file: "src/broker/outbound/append_publish.ts", code: "aliasStart > expiryStart" }, // never both in one place
    { file: "src/broker/outbound/deliver.ts", code: "first < second ?" },
    { file: "src/broker/routing/deliver_all.ts", code: "qos > highest ?" },
    { file: "src/session/inflight_table.ts", code: "older.sequence > record.sequence" }, // no two have the same one
    { file: "src/topics/subscription.ts", code: "first.qos > second.qos ?" },
    { file: "src/topics/subscription.ts", code: "> this.qos)" },
  ],
  "how many are taken at once before others have their turn": [
    { file: "src/broker/inbound/batch_cost.ts", code: "LOOK_EVERY = 64" },
    { file: "src/broker/inbound/batch_cost.ts", code: "LONGEST_BATCH = 3" },
    { file: "src/broker/inbound/batch_cost.ts", code: "< LOOK_EVERY" },
    { file: "src/broker/inbound/batch_cost.ts", code: "< LOOK_AT_CHARGE" },
    { file: "src/broker/inbound/batch_cost.ts", code: "< LONGEST_BATCH" },
    { file: "src/broker/inbound/packet_reader.ts", code: "LONGEST_SLEEP = 100" },
    { file: "src/broker/core/turn.ts", code: "QUIET = 4" },
    { file: "src/broker/core/turn.ts", code: "< QUIET" },
    { file: "src/broker/core/reading_order.ts", code: "LONGEST_RUN = 3" },
    { file: "src/broker/core/reading_order.ts", code: "HEAVY = 16_384" },
    { file: "src/broker/core/reading_order.ts", code: "ROUND_BYTES = 131_072" },
    { file: "src/broker/core/reading_order.ts", code: "ROUND_READERS = 64" },
    { file: "src/broker/core/reading_order.ts", code: "CROWD = 100" },
    { file: "src/broker/core/reading_order.ts", code: "MORE = 16" },
    { file: "src/broker/core/reading_order.ts", code: "LONGEST_WAIT = 50" },
    { file: "src/broker/core/reading_order.ts", code: "LONGEST_CROWD = 700" },
    { file: "src/broker/core/reading_order.ts", code: "Date.now() > until" },
    { file: "src/broker/core/reading_order.ts", code: "QUICK_EVERY = 8" },
    { file: "src/broker/core/reading_order.ts", code: "LOOK_EVERY = 16" },
    { file: "src/broker/core/reading_order.ts", code: "LOOK_IN_CROWD_EVERY = 4" },
    { file: "src/broker/core/reading_order.ts", code: "LOOK = 64" },
    { file: "src/broker/core/reading_order.ts", code: "SMALL = 1_024" },
    { file: "src/broker/core/reading_order.ts", code: ">= HEAVY" },
    { file: "src/broker/core/reading_order.ts", code: ">= SMALL" },
    { file: "src/broker/core/reading_order.ts", code: "<= ROUND_READERS" },
    { file: "src/broker/core/reading_order.ts", code: "< LONGEST_RUN" },
    { file: "src/broker/core/reading_order.ts", code: ">= CROWD" },
    { file: "src/broker/core/reading_order.ts", code: ">= MORE" },
    { file: "src/broker/core/reading_order.ts", code: "< LONGEST_WAIT" },
    { file: "src/broker/core/reading_order.ts", code: "bytes < ROUND_BYTES" },
    { file: "src/broker/inbound/batch_cost.ts", code: "LOOK_AT_CHARGE = 500" },
    { file: "src/broker/inbound/check_filters.ts", code: "FILTER = 5" },
    { file: "src/broker/core/portions.ts", code: "UNITS_A_ROUND = 2_500" },
    { file: "src/broker/routing/match_topic.ts", code: "NODES = 512" },
    { file: "src/broker/routing/retain.ts", code: "BRANCHES = 64" },
    { file: "src/broker/routing/deliver_all.ts", code: "IDENTIFIERS = 4" },
    { file: "src/broker/routing/long_delivery.ts", code: "STEP = 64" },
    { file: "src/topics/match_cache.ts", code: "COMPARED = 4" },
    { file: "src/topics/match_cache.ts", code: "PATCHED = 4" },
    { file: "src/broker/routing/subscriptions.ts", code: "REMOVAL = 4" },
    { file: "src/broker/sessions/session_end.ts", code: "ORPHAN = 10" },
    { file: "src/broker/sessions/session_end.ts", code: "FORGOTTEN = 16" },
    { file: "src/broker/sessions/session_end.ts", code: "END = 16" },
    { file: "src/broker/sessions/wills.ts", code: "WILL_UNITS = 16" },
  ],
  "the order of what is due in the same millisecond": [
    { file: "src/time/scheduler.ts", code: "<= task.due" },
    { file: "src/time/scheduler.ts", code: "< heap[child].due" },
    { file: "src/time/scheduler.ts", code: ">= task.due" },
  ],
  "when it is looked whether a client has gone that is not let in yet, and over how many of its bytes": [
    { file: "src/broker/connection/read_ahead.ts", code: "LOOK_AFTER = 20" },
    { file: "src/broker/connection/read_ahead.ts", code: "ROOM = 256" },
    { file: "src/broker/connection/read_ahead.ts", code: "< ROOM" },
  ],
  "how long a socket may take to close": [
    { file: "src/broker/connection/socket_closer.ts", code: "LAST_BYTES = 5_000" },
    { file: "src/broker/connection/socket_closer.ts", code: "PEER_CLOSES = 500" },
  ],
  "what memory of its own is thought to cost beside its bytes": [
    { file: "src/session/cost.ts", code: "BUFFER = 192" },
  ],
  "how long beyond its limit the end of the program may take": [
    { file: "src/cli/serve.ts", code: "GRACE = 2_000" },
  ],
  "how many characters of log lines may wait; that there is a bound is tested": [
    { file: "src/cli/log_output.ts", code: "ROOM = 1_048_576" },
  ],
  "how long the program practises before clients come, and with how many of its own": [
    { file: "src/cli/warm_up.ts", code: "CLIENTS = 6" },
    { file: "src/cli/warm_up.ts", code: "clients.length < CLIENTS" },
    { file: "src/cli/warm_up.ts", code: "time < times" },
    { file: "src/cli/serve.ts", code: "WARM_UP = 1_500" },
  ],
  "the length of a text for people": [
    { file: "src/broker/connection/refusal.ts", code: "LONGEST_REASON = 1_024" },
  ],
};
