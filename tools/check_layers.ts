/**
 * Checks that every file stays in its room: who may import whom, how long a file may be, how it may be called.
 *
 * @module
 */

import { posix } from "node:path";
import { readSources, type Source } from "./sources.ts";

/** The rooms of `src/`: a file imports from its own room or from one before it. */
const ROOMS = ["src/packets/", "src/topics/", "src/time/", "src/session/", "src/hook/", "src/broker/", "src/cli/"];

/** What listeners and hooks may know of the broker. */
const CONTRACTS = [
  "src/packets/",
  "src/topics/",
  "src/time/",
  "src/session/",
  "src/hook/",
  "src/broker/core/listener.ts",
];

/** What may be imported outside of `src/`, by the folder that imports. */
const ALLOWED: Record<string, readonly string[]> = {
  "listeners/": ["listeners/", ...CONTRACTS],
  "hooks/": ["hooks/", ...CONTRACTS],
  "examples/": ["examples/", "mod.ts", "hooks/", "listeners/"],
  "tools/": ["tools/", "deno.json"],
  "mod.ts": ["src/", "listeners/", "hooks/"],
};

const PACKAGE = "@mochi/broker";
const MAXIMUM_LINES = 300;
const LENGTH_LIMITED = ["src/", "listeners/", "hooks/", "tools/", "mod.ts"];

/** Files that are one long table. */
const TABLES: readonly string[] = ["src/packets/properties.ts"];

/** Names that say nothing about what is in the file. */
const FORBIDDEN_NAMES = ["utils.ts", "util.ts", "helpers.ts", "common.ts", "misc.ts", "index.ts"];

/**
 * Finds everything that breaks a rule.
 *
 * @param sources the files
 * @returns one line for each finding
 */
export function findViolations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [...nameFindings(source), ...lengthFindings(source), ...importFindings(source)]);
}

function nameFindings({ path }: Source): string[] {
  const name = posix.basename(path);
  if (FORBIDDEN_NAMES.includes(name)) return [`${path}: the name says nothing, name the file after what it does`];
  return /^[a-z0-9_]+(\.d)?\.ts$/.test(name) ? [] : [`${path}: file names are snake_case`];
}

function lengthFindings({ path, text }: Source): string[] {
  if (!startsWithAny(path, LENGTH_LIMITED) || TABLES.includes(path)) return [];
  const lines = text.trimEnd().split("\n").length;
  return lines > MAXIMUM_LINES ? [`${path}: ${lines} lines, ${MAXIMUM_LINES} are allowed`] : [];
}

function importFindings({ path, text }: Source): string[] {
  const allowed = allowedFor(path);
  if (allowed === undefined) return [];
  if (allowed.length === 0) return [`${path}: belongs to no room`];
  return readImports(text).flatMap((specifier) => {
    const isPackage = specifier === PACKAGE || specifier.startsWith(`${PACKAGE}/`);
    if (isPackage) return path.startsWith("examples/") ? [] : [`${path}: imports ${specifier}, use the relative path`];
    if (!specifier.startsWith(".")) return [];
    const target = posix.join(posix.dirname(path), specifier);
    return startsWithAny(target, allowed) ? [] : [`${path}: may not import ${target}`];
  });
}

/** What a file may import: undefined where there is no rule, nothing where the file is out of place. */
function allowedFor(path: string): readonly string[] | undefined {
  const folder = Object.keys(ALLOWED).find((start) => path.startsWith(start));
  if (folder !== undefined) return ALLOWED[folder];
  if (!path.startsWith("src/")) return undefined;
  const room = ROOMS.findIndex((start) => path.startsWith(start));
  const rooms = ROOMS.slice(0, room + 1);
  return path.startsWith("src/cli/") ? [...rooms, "listeners/", "hooks/", "deno.json"] : rooms;
}

function startsWithAny(path: string, starts: readonly string[]): boolean {
  return starts.some((start) => path.startsWith(start));
}

/**
 * Finds what a module imports or exports again, statically, dynamically or as a type.
 *
 * @param text the module, formatted by `deno fmt`: statements start in the first column, comment lines with `*` or `//`
 * @returns the specifiers
 */
export function readImports(text: string): string[] {
  const code = text.split("\n").filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line)).join("\n");
  const statements = code.matchAll(/^(?:import|export)\b(?:[^;"'()]*?\bfrom)?\s*["']([^"']+)["']/gm);
  const expressions = code.matchAll(/\bimport\(\s*["'`]([^"'`]+)["'`]/g);
  return [...statements, ...expressions].map((match) => match[1]);
}

if (import.meta.main) {
  const findings = findViolations(await readSources(new URL("..", import.meta.url)));
  for (const finding of findings) console.error(finding);
  console.log(findings.length === 0 ? "every file is in its room" : `${findings.length} findings`);
  Deno.exit(findings.length === 0 ? 0 : 1);
}
