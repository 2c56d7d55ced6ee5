/**
 * Shows that the tests notice when a rule is gone.
 *
 * Turns one rule of `src/` at a time into its opposite, in a copy of the checkout, and runs the tests that should notice.
 *
 *     deno task mutate                          30 mutants
 *     deno task mutate --sample 200 --seed 7    more, and others
 *     deno task mutate --sample all --only handle_publish.ts,wills.ts
 *     deno task mutate --list                   all mutants, without running any
 *
 * Ends with 1 when more than 5 % of the mutants survive.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { findMutants, type Mutant } from "./mutations.ts";
import { Laboratory, type Verdict } from "./mutation_run.ts";
import { readSources } from "./sources.ts";

/** Rooms whose rules are tested, with the suites that know them. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "src/broker/": ["conformance", "broker"],
  "src/session/": ["session", "conformance", "broker"],
  "src/packets/": ["packets", "conformance"],
  "src/topics/": ["topics", "conformance"],
};

/** Files that hold no rule of MQTT. A mutant there changes the speed, or what other suites look after. */
const WITHOUT_RULES: Readonly<Record<string, readonly string[]>> = {
  "speed": [
    ...["src/packets/read_size.ts", "src/packets/string_cache.ts", "src/topics/match_cache.ts"],
    ...[
      "src/broker/publish_at_hand.ts",
      "src/broker/outbound/publish_templates.ts",
      "src/broker/inbound/publish_run.ts",
    ],
    ...["src/broker/inbound/route_run.ts", "src/session/record_queue.ts", "src/session/inflight_table.ts"],
  ],
  "who may connect": [
    "src/broker/lifecycle/accept.ts",
    "src/broker/connection/address_guard.ts",
    "src/broker/connection/rate_limiter.ts",
  ],
  "the broker as a library": [
    ...[
      "src/broker/broker.ts",
      "src/broker/client_list.ts",
      "src/broker/lifecycle/hook_life.ts",
      "src/broker/lifecycle/inline_client.ts",
    ],
    ...["src/broker/outbound/inline_delivery.ts", "src/cli/options.ts", "src/broker/core/resolve_options.ts"],
    ...[
      "src/broker/lifecycle/restore.ts",
      "src/broker/lifecycle/shut_down.ts",
      "src/broker/lifecycle/sys_topics.ts",
      "src/broker/topic_list.ts",
    ],
    ...["src/broker/lifecycle/virtual_client.ts"],
  ],
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
    { file: "src/packets/slab.ts", code: "SMALLEST = 32_768" },
    { file: "src/packets/slab.ts", code: "POOL_BYTES = 16_777_216" },
    { file: "src/packets/writer.ts", code: "KEEP = 65_536" },
    { file: "src/packets/writer.ts", code: "this.buffer.length > Math.max(KEEP, this.#initialBytes)" },
    { file: "src/broker/outbound/outbound_shared.ts", code: "LARGEST_POOLED = 1_048_576" },
    { file: "src/broker/outbound/outbound_shared.ts", code: "POOL_BYTES = 16_777_216" },
    {
      file: "src/broker/outbound/outbound_shared.ts",
      code: "bytes > LARGEST_POOLED || this.#pooledBytes + bytes > POOL_BYTES",
    },
    { file: "src/broker/outbound/deliver.ts", code: "KEPT_IN_PLACE = 128" },
    { file: "src/broker/outbound/deliver.ts", code: "outbox.inflight.size >= KEPT_IN_PLACE" },
    { file: "src/broker/outbound/send_records.ts", code: "outbox.inflight.size + count > KEPT_IN_PLACE" },
    { file: "src/topics/level_trie.ts", code: "LONGEST_KEPT_TEXT = 512" },
    { file: "src/topics/level_trie.ts", code: "> LONGEST_KEPT_TEXT" },
    {
      file: "src/time/scheduler.ts",
      code: "++this.#cancelled * 2 > this.#heap.length && this.#heap.length > 64",
    },
  ],
  "which of two ways with the same result is the faster one": [
    { file: "src/packets/encode_publish.ts", code: "LOOP_COPY = 32" },
    { file: "src/packets/encode_publish.ts", code: "length > LOOP_COPY" },
    { file: "src/packets/utf8.ts", code: "LOOP_LIMIT = 128" },
    { file: "src/packets/utf8.ts", code: "<= LOOP_LIMIT" },
    { file: "src/topics/topic_name.ts", code: "text.length * 3 <= MAXIMUM_BYTES" },
    { file: "src/topics/match_result.ts", code: "SCAN_LIMIT = 16" },
    { file: "src/topics/match_result.ts", code: "> SCAN_LIMIT" },
    { file: "src/topics/share_dispatch.ts", code: "step < members.length" },
    { file: "src/time/scheduler.ts", code: "< this.#timerDue" },
    { file: "src/session/outbox.ts", code: "> this.#nextPacketId" },
    { file: "src/broker/outbound/send_records.ts", code: "outbox.quota >= run.count" },
  ],
  "how many are taken at once before others have their turn": [
    { file: "src/broker/inbound/packet_reader.ts", code: "PATIENCE = 256" },
    { file: "src/broker/outbound/pump.ts", code: "REPLAYS_PER_TURN = 256" },
    { file: "src/broker/inbound/publish_task.ts", code: "MOST_TOGETHER = 256" },
    { file: "src/broker/inbound/publish_task.ts", code: "this.#passed >= MOST_TOGETHER" },
  ],
  "the order of what is due in the same millisecond": [
    { file: "src/time/scheduler.ts", code: "<= task.due" },
    { file: "src/time/scheduler.ts", code: "< heap[child].due" },
    { file: "src/time/scheduler.ts", code: ">= task.due" },
  ],
  "how long a socket may take to close": [
    { file: "src/broker/connection/socket_closer.ts", code: "LAST_BYTES = 5_000" },
    { file: "src/broker/connection/socket_closer.ts", code: "PEER_CLOSES = 500" },
  ],
  "the length of a text for people": [
    { file: "src/broker/connection/refusal.ts", code: "LONGEST_REASON = 1_024" },
  ],
};

/** Share of mutants that may survive. */
const TOLERATED = 0.05;

/** What the command line asks for. */
export interface Arguments {
  /** How many mutants. */
  readonly sample: number;
  /** Which ones. */
  readonly seed: number;
  /** Ends of file names; all files when empty. */
  readonly only: readonly string[];
  /** Whether to name the mutants instead of running them. */
  readonly list: boolean;
  /** How many at a time. */
  readonly jobs: number;
  /** Seconds after which a run counts as noticed: most endless loops begin with a condition. */
  readonly limit: number;
}

/**
 * Reads the command line.
 *
 * @param args the arguments
 * @returns what they ask for
 * @throws {TypeError} for options that do not exist, {RangeError} for numbers that are none
 */
export function readArguments(args: readonly string[]): Arguments {
  const text = (standard: string) => ({ type: "string", default: standard }) as const;
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== "--"),
    options: {
      ...{ sample: text("30"), seed: text("1"), only: text(""), jobs: text("2"), limit: text("60") },
      list: { type: "boolean", default: false },
    },
  });
  const number = (name: "sample" | "seed" | "jobs" | "limit", lowest: number) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= lowest) return value;
    throw new RangeError(`Cannot use --${name}: current value is ${values[name]}, expected a number from ${lowest} on`);
  };
  return {
    ...{ seed: number("seed", 0), jobs: number("jobs", 1), limit: number("limit", 1), list: values.list },
    sample: values.sample === "all" ? Infinity : number("sample", 1),
    only: values.only.split(",").filter((name) => name !== ""),
  };
}

/**
 * Names the suites that should notice a mutant.
 *
 * @param file the file of the mutant
 * @returns the suites, the fastest first; none for files without rules
 */
export function suitesFor(file: string): readonly string[] {
  if (Object.values(WITHOUT_RULES).some((files) => files.includes(file))) return [];
  return Object.entries(ROOMS).find(([room]) => file.startsWith(room))?.[1] ?? [];
}

/**
 * Finds the mutants of a file that break a rule.
 *
 * @param file path of the file
 * @param text what is in it
 * @param noRules places to leave out
 * @returns the mutants, in the order of the text
 */
export function mutantsOf(file: string, text: string, noRules = Object.values(NO_RULES).flat()): Mutant[] {
  const places = noRules.filter((place) => place.file === file).flatMap(({ code }) => occurrences(text, code));
  return findMutants(file, text).filter(({ start, end }) => {
    return !places.some((place) => place.start <= start && end <= place.end);
  });
}

function occurrences(text: string, code: string): { start: number; end: number }[] {
  const found = [];
  for (let start = text.indexOf(code); start >= 0; start = text.indexOf(code, start + 1)) {
    found.push({ start, end: start + code.length });
  }
  return found;
}

/**
 * Chooses mutants, the same ones for the same seed: from all rooms in turn, so that none is passed over.
 *
 * @param mutants all of them
 * @param options how many, and the seed
 * @returns the chosen ones
 */
export function choose(mutants: readonly Mutant[], options: Pick<Arguments, "sample" | "seed">): Mutant[] {
  const random = generator(options.seed);
  const shuffled = mutants.map((mutant) => ({ mutant, place: random() })).sort((a, b) => a.place - b.place);
  const rooms = Object.keys(ROOMS).map((room) => shuffled.filter(({ mutant }) => mutant.file.startsWith(room)));
  const chosen: Mutant[] = [];
  for (let turn = 0; chosen.length < Math.min(options.sample, mutants.length); turn++) {
    const next = rooms[turn % rooms.length].shift();
    if (next !== undefined) chosen.push(next.mutant);
  }
  return chosen;
}

/** Numbers from 0 to 1 that look random (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/**
 * Tells the share of survivors in words.
 *
 * @param verdicts how the mutants ended
 * @param seed which chose them
 * @returns the line, and whether there are too many
 */
export function summary(verdicts: readonly Verdict[], seed: number): { line: string; tooMany: boolean } {
  const survivors = verdicts.filter(({ noticedBy }) => noticedBy === undefined).length;
  const share = verdicts.length === 0 ? 0 : survivors / verdicts.length;
  const percent = (share * 100).toFixed(1);
  return {
    line: `${verdicts.length} mutants, ${
      verdicts.length - survivors
    } noticed, ${survivors} survived: ${percent} % (seed ${seed})`,
    tooMany: share > TOLERATED,
  };
}

/** The mutant in words. */
function describe({ file, line, kind }: Mutant): string {
  return `${file}:${line} ${kind}`;
}

async function main(args: readonly string[]): Promise<number> {
  const root = new URL("..", import.meta.url);
  const options = readArguments(args);
  const wanted = (file: string) =>
    options.only.length === 0 ? suitesFor(file).length > 0 : options.only.some((name) => file.endsWith(name));
  const sources = (await readSources(root)).filter(({ path }) => path.startsWith("src/") && wanted(path));
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  const mutants = sources.flatMap(({ path, text }) => mutantsOf(path, text));
  if (options.list) {
    for (const mutant of mutants) console.log(`${describe(mutant)}: ${difference(mutant, texts.get(mutant.file)!)}`);
    console.log(`${mutants.length} mutants`);
    return 0;
  }
  const chosen = choose(mutants, options);
  await using laboratory = await Laboratory.open(root, options);
  const verdicts: Verdict[] = [];
  await laboratory.run(chosen, suitesOf, (verdict) => {
    verdicts.push(verdict);
    const { mutant, noticedBy, seconds } = verdict;
    const counted = `[${String(verdicts.length).padStart(String(chosen.length).length)}/${chosen.length}]`;
    const end = noticedBy === undefined ? "SURVIVED" : "noticed ";
    console.log(`${counted} ${end} ${describe(mutant)} (${seconds.toFixed(1)}s) ${noticedBy ?? ""}`.trimEnd());
    if (noticedBy === undefined) console.log(`        ${difference(mutant, texts.get(mutant.file)!)}`);
  });
  const { line, tooMany } = summary(verdicts, options.seed);
  console.log(`\n${line}; ${mutants.length} mutants are known`);
  return tooMany ? 1 : 0;
}

function suitesOf(mutant: Mutant): readonly string[] {
  const suites = suitesFor(mutant.file);
  return suites.length > 0 ? suites : ["conformance", "broker"];
}

function difference({ start, end, replacement }: Mutant, text: string): string {
  const shorten = (code: string) => code.replace(/\s+/g, " ").slice(0, 100);
  return `${shorten(text.slice(start, end))} -> ${shorten(replacement) || "nothing"}`;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(2);
  }
}
