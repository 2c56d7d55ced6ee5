/** Reads the command line.
 * @module */
import { COMMAND_OPTIONS, type CommandOption } from "./options.ts";
import { Problems } from "./problems.ts";
import { didYouMean } from "../hook/suggest.ts";
import { UsageError } from "./usage_error.ts";

/** What was given on the command line: the values of each option, in order. A switch has one empty value. */
export type Arguments = ReadonlyMap<string, readonly string[]>;

/**
 * Reads the command line, as `--name value` and `--name=value`.
 *
 * @param args the arguments
 * @returns the values by option
 * @throws {UsageError} with one line for each thing that is wrong: the option and the fix
 */
export function parseArguments(args: readonly string[]): Arguments {
  const given = new Map<string, string[]>(), problems = new Problems();
  for (let index = 0; index < args.length; index++) {
    const { name, inline } = split(args[index]);
    const option = COMMAND_OPTIONS.find((option) => option.name === name || option.short === name);
    const hasValue = inline === undefined && takesValue(name, option) && isValue(args[index + 1]);
    const value = hasValue ? args[++index] : inline;
    problems.collect(() => add(given, option ?? unknown(name), value));
  }
  problems.throwIfAny();
  return given;
}

/**
 * The one value of an option.
 *
 * @param args the command line
 * @param name name of the option
 * @returns its value, `undefined` when it was not given
 */
export function valueOf(args: Arguments, name: string): string | undefined {
  return args.get(name)?.[0];
}

function split(argument: string): { name: string; inline: string | undefined } {
  const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
  if (equals === -1) return { name: argument, inline: undefined };
  return { name: argument.slice(0, equals), inline: argument.slice(equals + 1) };
}

/** What follows an option that is not known is taken for its value: it is not told as a second thing that is wrong. */
function takesValue(name: string, option: CommandOption | undefined): boolean {
  return option === undefined ? name.startsWith("-") : option.value !== undefined;
}

function isValue(argument: string | undefined): boolean {
  return argument !== undefined && !argument.startsWith("--");
}

function unknown(name: string): never {
  if (!name.startsWith("-")) throw new UsageError(`${name}: expected an option, see --help`);
  const likely = didYouMean(name, COMMAND_OPTIONS.map((option) => option.name));
  throw new UsageError(`${name}: unknown option, ${likely.startsWith("did") ? likely : "see --help"}`);
}

function add(given: Map<string, string[]>, option: CommandOption, value: string | undefined): void {
  const { name, choices } = option;
  if (option.value === undefined && value !== undefined) throw new UsageError(`${name}: takes no value`);
  if (option.value !== undefined && !value) throw new UsageError(`${name}: expected ${option.value}, got nothing`);
  if (value && choices?.includes(value) === false) {
    throw new UsageError(`${name}: expected ${choices.join(", ")}, got "${value}"`);
  }
  const values = given.get(name);
  if (values === undefined) given.set(name, [value ?? ""]);
  else if (option.repeats) values.push(value ?? "");
  else throw new UsageError(`${name}: expected once, got it twice`);
}
