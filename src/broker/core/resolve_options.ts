/** From what the user gave to options that are complete and valid.
 * @module */
import { guarded, silentLogger } from "../../hook/logger.ts";
import { nearest } from "../../hook/suggest.ts";
import { consoleLogger } from "./console_logger.ts";
import { systemClock } from "../../time/clock.ts";
import { leastInflight, random, roundRobin, type ShareDispatch, sticky } from "../../topics/share_dispatch.ts";
import {
  type BrokerOptions,
  type Capabilities,
  type Compatibilities,
  defaultCapabilities,
  defaultCompatibilities,
} from "./options.ts";

/** Options with nothing left open. */
export interface ResolvedOptions extends Required<Omit<BrokerOptions, "capabilities" | "compatibilities">> {
  /** Limits and features. */
  readonly capabilities: Readonly<Capabilities>;
  /** Switches. */
  readonly compatibilities: Readonly<Compatibilities>;
  /** Which member of a shared subscription gets a message. */
  readonly dispatch: ShareDispatch;
}

/** Lowest and highest value of each number. */
const ranges: Readonly<Record<string, readonly [lowest: number, highest: number]>> = {
  maximumQos: [0, 2],
  minimumProtocolVersion: [3, 5],
  topicAliasMaximum: [0, 65_535],
  outboundTopicAliasMaximum: [0, 65_535],
  receiveMaximum: [1, 65_535],
  maximumInflight: [1, 65_535],
  maximumPacketSize: [64, 268_435_460],
  maximumConnectSize: [64, 268_435_460],
  maximumSessionExpiryInterval: [0, 0xffff_ffff],
  maximumMessageExpiryInterval: [0, 0xffff_ffff],
  maximumKeepAlive: [0, 65_535],
  maximumClientWritesPending: [1, Number.MAX_SAFE_INTEGER],
  maximumClientWritesPendingBytes: [1_024, Number.MAX_SAFE_INTEGER],
  maximumAcknowledgementDelay: [0, 3_600],
  maximumFiltersPerPacket: [1, Number.MAX_SAFE_INTEGER],
  maximumTopicLevels: [1, 65_535],
  maximumSingleLevelWildcards: [0, 65_535],
  maximumClientIdLength: [23, 65_535],
  clientNetReadBufferSize: [1_024, 16_777_216],
  clientNetWriteBufferSize: [1_024, 16_777_216],
  connectTimeout: [0.001, 3_600],
  hookTimeout: [1, 3_600_000],
  hookLifecycleTimeout: [1, 3_600_000],
  closeTimeout: [0, 3_600],
};

/** Options that need not be whole numbers. */
export const SECONDS: readonly string[] = [
  "sysTopicResendInterval",
  "connectTimeout",
  "closeTimeout",
  "maximumAcknowledgementDelay",
];

/** What has to be there of options that are objects. */
const methods: Readonly<Record<string, readonly string[]>> = {
  logger: ["debug", "info", "warn", "error"],
  clock: ["now", "setTimeout", "clearTimeout"],
};

const dispatches = { round_robin: roundRobin, random, least_inflight: leastInflight, sticky };

const defaults = {
  clientNetReadBufferSize: 65_536,
  clientNetWriteBufferSize: 65_536,
  sysTopicResendInterval: 1,
  inlineClient: true,
  connectTimeout: 10,
  hookTimeout: 10_000,
  hookLifecycleTimeout: 300_000,
  closeTimeout: 5,
  responseInformation: "",
  logger: consoleLogger,
  clock: systemClock,
};

/**
 * Fills in the defaults and checks every value.
 * @param options what the user gave
 * @returns complete options
 * @throws RangeError or TypeError that names the option, its value and what is expected
 */
export function resolveOptions(options: BrokerOptions = {}): ResolvedOptions {
  const { capabilities, compatibilities, ...rest } = options;
  const resolved = {
    ...merge("", defaults, rest),
    capabilities: merge("capabilities.", defaultCapabilities, capabilities),
    compatibilities: merge("compatibilities.", defaultCompatibilities, compatibilities),
  };
  const { logger, capabilities: { shareDispatch } } = resolved;
  return {
    ...resolved,
    logger: logger === silentLogger ? logger : guarded(logger),
    dispatch: dispatchOf(shareDispatch),
  } as ResolvedOptions;
}

function merge<T extends object>(prefix: string, base: T, given: Partial<T> | undefined): T {
  const merged = { ...base } as Record<string, unknown>;
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(base, name)) {
      throw new TypeError(`Cannot use option ${prefix}${name}: there is no such option${hintFor(name, base)}`);
    }
    if (value === undefined) continue;
    check(`${prefix}${name}`, value, { name, expected: typeof merged[name] });
    merged[name] = value;
  }
  return merged as T;
}

function hintFor(name: string, base: object): string {
  if (base === defaults && Object.hasOwn(defaultCapabilities, name)) return ", it belongs below capabilities";
  if (base === defaults && Object.hasOwn(defaultCompatibilities, name)) return ", it belongs below compatibilities";
  const likely = nearest(name, Object.keys(base));
  return likely === undefined ? "" : `, did you mean ${likely}?`;
}

function check(path: string, value: unknown, { name, expected }: { name: string; expected: string }): void {
  if (name === "shareDispatch" || name === "queueOverflow") return checkChoice(path, value, name);
  const kind: string = typeof value;
  if (kind !== expected) {
    const shown = kind === "string" ? `"${value}"` : kind === "function" ? "a function" : String(value);
    const wanted = expected === "object" ? "an object" : `a ${expected}`;
    throw new TypeError(`Cannot use option ${path}: current value is ${shown}, expected ${wanted}`);
  }
  if (expected === "object") return checkMethods(path, value, name);
  if (expected !== "number") return;
  const [lowest, highest] = ranges[name] ?? [0, Number.MAX_SAFE_INTEGER];
  const number = value as number;
  if (!(number >= lowest && number <= highest)) {
    const range = highest === Number.MAX_SAFE_INTEGER ? `${lowest} or more` : `${lowest} to ${highest}`;
    throw new RangeError(`Cannot use option ${path}: current value is ${number}, expected ${range}`);
  }
  if (!Number.isInteger(number) && !SECONDS.includes(name)) {
    throw new RangeError(`Cannot use option ${path}: current value is ${number}, expected a whole number`);
  }
}

function checkMethods(path: string, value: unknown, name: string): void {
  const missing = methods[name].find((method) =>
    typeof (value as Record<string, unknown> | null)?.[method] !== "function"
  );
  if (missing === undefined) return;
  throw new TypeError(`Cannot use option ${path}: it has no function ${missing}`);
}

function checkChoice(path: string, value: unknown, name: string): void {
  if (name === "shareDispatch" && typeof value === "function") return;
  const choices = name === "shareDispatch" ? Object.keys(dispatches) : ["drop_newest", "drop_oldest", "disconnect"];
  if (choices.includes(value as string)) return;
  throw new TypeError(`Cannot use option ${path}: current value is ${String(value)}, expected ${choices.join(", ")}`);
}

function dispatchOf(choice: Capabilities["shareDispatch"]): ShareDispatch {
  return typeof choice === "function" ? choice : dispatches[choice];
}
