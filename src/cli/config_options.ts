/** The section `options`: every option of the broker, taken from the broker itself.
 * @module */
import * as v from "valibot";
import type { BrokerOptions } from "../broker/core/options.ts";
import { resolveOptions, SECONDS } from "../broker/core/resolve_options.ts";
import { expected, flag, type Schema, section, type SectionSchema } from "./config_values.ts";
import { snakeCase } from "./snake_case.ts";

type Wrap = (option: Record<string, unknown>) => BrokerOptions;

/** Options that only code can give. */
const NOT_IN_FILES = ["logger", "clock", "dispatch", "capabilities", "compatibilities"];

/**
 * Makes the schema of the section.
 *
 * @returns the schema; what it gives is {@linkcode BrokerOptions}
 */
export function optionsSection(): SectionSchema {
  const { capabilities, compatibilities, ...rest } = resolveOptions();
  const compatibilitiesSection = section(entriesOf(compatibilities, (option) => ({ compatibilities: option })));
  const capabilitiesEntries = {
    ...entriesOf(capabilities, (option) => ({ capabilities: option })),
    compatibilities: v.optional(compatibilitiesSection),
  };
  const schema = section({
    ...entriesOf(rest, (option) => option),
    capabilities: v.optional(section(capabilitiesEntries)),
    compatibilities: v.optional(compatibilitiesSection),
  }, optionPlaces());
  const twice = (options: Record<string, unknown>) => {
    return options.compatibilities === undefined || compatibilitiesWithin(options) === undefined;
  };
  const once = v.check(twice, "expected compatibilities once, got them in capabilities too");
  return v.pipe(schema, once, v.transform(liftCompatibilities)) as SectionSchema;
}

/**
 * Tells where options belong, for those who write them elsewhere.
 *
 * @returns the fix for each option that belongs into a section of its own
 */
export function optionPlaces(): Record<string, string> {
  const { capabilities, compatibilities } = resolveOptions();
  const places = Object.entries({ capabilities, compatibilities }).flatMap(([group, options]) =>
    Object.keys(options).map((name) => [snakeCase(name), `it belongs below options.${group}`])
  );
  return Object.fromEntries(places);
}

function compatibilitiesWithin({ capabilities }: Record<string, unknown>): unknown {
  return (capabilities as { compatibilities?: unknown } | undefined)?.compatibilities;
}

/** Beside the capabilities, as in code; configurations of the Go broker have them inside of the capabilities. */
function liftCompatibilities(options: Record<string, unknown>): Record<string, unknown> {
  const { compatibilities: within, ...capabilities } = (options.capabilities ?? {}) as Record<string, unknown>;
  return { ...options, capabilities, compatibilities: options.compatibilities ?? within };
}

function entriesOf(defaults: object, wrap: Wrap): Record<string, Schema> {
  const names = Object.keys(defaults).filter((name) => !NOT_IN_FILES.includes(name));
  const values = defaults as Record<string, unknown>;
  return Object.fromEntries(names.map((name) => [snakeCase(name), v.optional(valueOf(name, values[name], wrap))]));
}

function valueOf(name: string, standard: unknown, wrap: Wrap): Schema {
  if (typeof standard === "boolean") return flag;
  const find = (value: unknown) =>
    findProblem(wrap({ [name]: value }), mustBeWhole(name, standard) && !Number.isInteger(value));
  return v.custom<unknown>(
    (value) => find(value) === undefined,
    (issue) => expected(find(issue.input) ?? "another value")(issue),
  );
}

function mustBeWhole(name: string, standard: unknown): boolean {
  return typeof standard === "number" && !SECONDS.includes(name);
}

/** What the broker expects instead; the broker is the one that knows its ranges. */
function findProblem(options: BrokerOptions, isFraction: boolean): string | undefined {
  try {
    resolveOptions(options);
  } catch (error) {
    return /expected (.+)$/.exec((error as Error).message)?.[1] ?? (error as Error).message;
  }
  return isFraction ? "a whole number" : undefined;
}
