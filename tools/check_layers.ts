/**
 * Checks that every file stays in its room: who may import whom, how long a file may be, how it may be called, and that
 * no imports go in a circle.
 *
 *     deno task layers
 *     deno task layers --list     the rooms and wings, with what lives there
 *
 * @module
 */

import { posix } from "node:path";
import { findCircles } from "./import_circles.ts";
import { readImports, resolveImport } from "./imports.ts";
import { readSources, type Source } from "./sources.ts";

/** The rooms of `src/` in order, and what lives there: a file imports from its own room or from one before it. */
export const ROOMS: Readonly<Record<string, string>> = {
  "src/packets/": "Bytes become packets and packets bytes; nothing here knows of sessions, sockets or brokers.",
  "src/topics/": "Topic Names, Topic Filters, and the trees that find subscriptions and retained messages by them.",
  "src/time/": "The clock, the one scheduler of everything that happens later, and limits of time for peers.",
  "src/session/": "What outlives a socket: the session, its queues, Packet Identifiers, aliases and will.",
  "src/hook/": "The events that a program can answer, the chain that asks for answers, and what a store keeps.",
  "src/broker/": "From a socket to all who receive a message.",
  "src/cli/": "The program: arguments, configuration, log and signals around a broker.",
};

/** The wings of `src/broker/` in order: a file imports from its own wing or from one before it. */
export const WINGS: Readonly<Record<string, string>> = {
  "src/broker/core/": "Contracts, options and the state that all parts of a broker share, and who may do what.",
  "src/broker/outbound/":
    "One message on its way to one client: its session's queue, its packet, the bytes of its socket.",
  "src/broker/routing/":
    "From one message to all who receive it: retained, matched, shared out, and handed to outbound.",
  "src/broker/sessions/": "Sessions begin, are taken over, end and expire; their wills wait, are sent or dropped.",
  "src/broker/connection/":
    "One network connection: its limits, its Keep Alive, the order of its acknowledgements, its end.",
  "src/broker/inbound/":
    "What a client sends: packets are read, checked and handled, one file for each kind of packet.",
  "src/broker/lifecycle/": "The broker starts, restores, accepts sockets, tells of itself in $SYS, and stops.",
  "src/broker/": "The broker as a program holds it: its methods, its clients, its topics.",
};

/** All places of `src/` in order. */
const PLACES = Object.keys(ROOMS).flatMap((room) => room === "src/broker/" ? Object.keys(WINGS) : [room]);

/** What listeners and hooks may know of the broker. */
const CONTRACTS = [...PLACES.slice(0, PLACES.indexOf("src/hook/") + 1), "src/broker/core/listener.ts"];

/** Folders whose files may not import each other in a circle. */
const WITHOUT_CIRCLES = ["src/", "listeners/", "hooks/"];

/** What may be imported outside of `src/`, by the folder that imports. */
const ALLOWED: Record<string, readonly string[]> = {
  "listeners/": ["listeners/", ...CONTRACTS],
  "hooks/": ["hooks/", ...CONTRACTS],
  "examples/": ["examples/", "mod.ts", "hooks/", "listeners/"],
  "tools/": ["tools/", "deno.json"],
  "mod.ts": ["src/", "listeners/", "hooks/"],
};

/** What the program may import besides everything in `src/`. */
const FOR_THE_PROGRAM = ["listeners/", "hooks/", "deno.json"];

const PACKAGE = "@mochi/broker";
const MAXIMUM_LINES = 300;
const LENGTH_LIMITED = ["src/", "listeners/", "hooks/", "tools/", "mod.ts"];

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
  if (!startsWithAny(path, LENGTH_LIMITED)) return [];
  const lines = text.trimEnd().split("\n").length;
  return lines > MAXIMUM_LINES ? [`${path}: ${lines} lines, ${MAXIMUM_LINES} are allowed`] : [];
}

function importFindings({ path, text }: Source): string[] {
  if (path.startsWith("src/") && placeOf(path) < 0) return [`${path}: belongs to no room`];
  const imports = readImports(text).map(({ specifier }) => specifier),
    usesPackage = path.startsWith("examples/") || path.startsWith("tests/");
  const byPackage = imports.filter((name) => !usesPackage && (name === PACKAGE || name.startsWith(`${PACKAGE}/`)));
  const targets = imports.map((specifier) => resolveImport(path, specifier)).filter((target) => target !== undefined);
  return [
    ...byPackage.map((specifier) => `${path}: imports ${specifier}, use the relative path`),
    ...targets.filter((target) => !mayImport(path, target)).map((target) => `${path}: may not import ${target}`),
  ];
}

function mayImport(path: string, target: string): boolean {
  const folder = Object.keys(ALLOWED).find((start) => path.startsWith(start));
  if (folder !== undefined) return startsWithAny(target, ALLOWED[folder]);
  if (!path.startsWith("src/")) return true;
  if (path.startsWith("src/cli/") && startsWithAny(target, FOR_THE_PROGRAM)) return true;
  return placeOf(target) >= 0 && placeOf(target) <= placeOf(path);
}

/** The place of a file among {@linkcode PLACES}, -1 where there is none: only files stand directly in the last wing. */
function placeOf(path: string): number {
  return PLACES.findIndex((place) =>
    place === "src/broker/" ? posix.dirname(path) === "src/broker" : path.startsWith(place)
  );
}

function startsWithAny(path: string, starts: readonly string[]): boolean {
  return starts.some((start) => path.startsWith(start));
}

function list(): void {
  for (const [room, sentence] of Object.entries(ROOMS)) {
    console.log(`${room.padEnd(24)}${sentence}`);
    if (room !== "src/broker/") continue;
    for (const [wing, sentence] of Object.entries(WINGS)) {
      console.log(`  ${(wing === room ? `${wing}*.ts` : wing).padEnd(26)}${sentence}`);
    }
  }
}

async function main(): Promise<number> {
  const sources = await readSources(new URL("..", import.meta.url));
  const circles = findCircles(sources.filter(({ path }) => startsWithAny(path, WITHOUT_CIRCLES)));
  const findings = [...findViolations(sources), ...circles.findings];
  for (const finding of findings) console.error(finding);
  console.log(`largest circle of imports, types included: ${circles.largest} files`);
  console.log(findings.length === 0 ? "every file is in its room" : `${findings.length} findings`);
  return findings.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  if (Deno.args.includes("--list")) list();
  else Deno.exit(await main());
}
