/** Which keys a configuration file may have, asked of the schema itself. */

import { readConfig } from "../../src/cli/config_schema.ts";
import { LISTENER_TYPES } from "../../src/cli/settings.ts";

/** A name that no key is near to, so that the schema answers with all names that it knows. */
const UNKNOWN = "qqqqqqqqqqqqqqqqqqqqqqqq";

/** A section of the file: where it stands in the documentation, and how a value gets there. */
interface Section {
  readonly path: string;
  wrap(value: unknown): unknown;
}

/**
 * Finds every key.
 * @returns names of keys by section; sections are written `options.capabilities`, `listeners[tcp].tls`, the file itself is ""
 */
export function configKeys(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  collect(found, { path: "", wrap: (value) => value });
  for (const type of LISTENER_TYPES) collect(found, listenerOf(type));
  return found;
}

/**
 * Tells whether a section takes a value for one of its keys, whatever else is missing in it.
 * @param path the section, as {@linkcode configKeys} writes it
 * @param key the key
 * @param value the value
 */
export function configTakes(path: string, key: string, value: unknown): boolean {
  const [, type, rest = path] = /^listeners\[(\w+)\]\.?(.*)$/.exec(path) ?? [];
  const within = rest.split(".").filter((name) => name !== "").reverse();
  const section = within.reduce<unknown>((inner, name) => ({ [name]: inner }), { [key]: value });
  const { problems } = readConfig(type === undefined ? section : { listeners: [{ type, ...section as object }] });
  return !problems.some((line) => line.includes(`.${key}: `));
}

function listenerOf(type: string): Section {
  return { path: `listeners[${type}]`, wrap: (value) => ({ listeners: [{ type, ...value as object }] }) };
}

function collect(found: Map<string, string[]>, section: Section): void {
  const known = keysOf(section);
  if (known === undefined) return;
  found.set(section.path, known);
  for (const key of known) {
    const path = section.path === "" ? key : `${section.path}.${key}`;
    collect(found, { path, wrap: (value) => section.wrap({ [key]: value }) });
  }
}

/** The names that a section knows; `undefined` for what is no section. */
function keysOf({ wrap }: Section): string[] | undefined {
  const known = new RegExp(`${UNKNOWN}: unknown key, known are (.+)`);
  const [match] = readConfig(wrap({ [UNKNOWN]: 1 })).problems.flatMap((line) => known.exec(line) ?? []).slice(1);
  return match?.split(", ");
}
