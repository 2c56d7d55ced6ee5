/** ARCHITECTURE.md names files and functions that exist, and tells of every room and wing. */

import { assert, assertEquals } from "@std/assert";
import { ROOMS, WINGS } from "../../tools/check_layers.ts";
import { readPage, tables } from "../../tools/doc_pages.ts";
import { ROOT } from "../../tools/package.ts";
import { readSources } from "../../tools/sources.ts";

const PAGE = "ARCHITECTURE.md";
const { text } = await readPage(ROOT, PAGE);
const sources = new Map((await readSources(ROOT)).map(({ path, text }) => [path, text]));

/** A name in quotes that is a file or a folder. */
const IS_PATH = /^[\w.-]+(?:\/[\w.-]+)*(?:\/|\.(?:ts|md|json))$/;
/** A function, or a member of a class. */
const IS_CALL = /^(?:([A-Z]\w*)\.)?([a-z]\w*)\(\)$/;
/** A class, an interface or a table. */
const IS_TYPE = /^[A-Z]\w*[a-z]\w*$/;

/** What stands between quotes in a part of the page. */
function quoted(part: string): string[] {
  return [...part.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path, ROOT)).then(() => true, () => false);
}

/** Where a path leads from the root: files of the broker are named from its folder. */
async function find(path: string): Promise<string | undefined> {
  for (const full of [path, `src/broker/${path}`]) if (await exists(full)) return full;
  return undefined;
}

/** Whether a file exports what a name in quotes stands for. */
function exportsName(source: string, name: string): boolean {
  const [, owner, member] = IS_CALL.exec(name) ?? [];
  if (member === undefined) return isDeclared(source, "(?:abstract )?class|interface|const", name);
  if (owner === undefined) return isDeclared(source, "(?:async )?function\\*?", member);
  if (!isDeclared(source, "(?:abstract )?class", owner)) return false;
  return new RegExp(`^  (?:async )?${member}(?:<[^(]*>)?\\(`, "m").test(source);
}

function isDeclared(source: string, kinds: string, name: string): boolean {
  return new RegExp(`^export (?:${kinds}) ${name}\\b`, "m").test(source);
}

/** What is wrong with the names of a text: files that are not there, and names that nothing or another file exports. */
async function findWrong(page: string): Promise<string[]> {
  const names = quoted(page), wrong: string[] = [];
  for (const path of names.filter((name) => IS_PATH.test(name))) {
    if (await find(path) === undefined) wrong.push(`there is no ${path}`);
  }
  for (const name of names.filter((name) => IS_CALL.test(name) || IS_TYPE.test(name))) {
    if (!isExported(name, [...sources.values()])) wrong.push(`nothing exports ${name}`);
  }
  for (const part of [...rows(page), ...pairs(page)]) wrong.push(...await findMisplaced(part));
  return wrong;
}

function isExported(name: string, places: readonly string[]): boolean {
  return places.some((source) => exportsName(source, name));
}

/** Functions that none of the files exports which are named beside them. */
async function findMisplaced({ names, paths }: Beside): Promise<string[]> {
  const files = await Promise.all(paths.filter((path) => path.endsWith(".ts")).map(find));
  const places = files.map((file) => sources.get(file ?? "")).filter((source) => source !== undefined);
  if (places.length === 0) return [];
  return names.filter((name) => !isExported(name, places)).map((name) => `${name} is not in ${paths.join(" or ")}`);
}

/** Names, and the files that are said to have them. */
interface Beside {
  readonly names: readonly string[];
  readonly paths: readonly string[];
}

/** Functions and files of one row of a table: the second column names the file, the third one its functions. */
function rows(page: string): Beside[] {
  return tables(page).filter(({ head }) => head[1] === "File" && head[2] === "Functions").flatMap(({ rows }) =>
    rows.map(([, file, functions]) => ({ names: quoted(functions), paths: quoted(file) }))
  );
}

/** A name with its file: `name()` of `file.ts`, `Name` in `file.ts`. */
function pairs(page: string): Beside[] {
  return [...page.matchAll(/`([\w.]+(?:\(\))?)`\s+(?:of|in)\s+`([\w./]+\.ts)`/g)].map(([, name, path]) => ({
    names: [name],
    paths: [path],
  }));
}

Deno.test("architecture: every file and every function that it names exists, where it says", async () => {
  assertEquals(await findWrong(text), []);
  assert(quoted(text).filter((name) => IS_PATH.test(name)).length > 50);
  assert(quoted(text).filter((name) => IS_CALL.test(name)).length > 50);
});

Deno.test("architecture: a name that does not exist, or stands elsewhere, is noticed", async () => {
  const wrong = async (page: string) => (await findWrong(page)).length > 0;
  assert(!await wrong("`admit()` of `inbound/admit.ts`, `Turn.readNext()` in `core/turn.ts`, `Core`, `onPublish`"));
  assert(await wrong("`inbound/admitted.ts`"));
  assert(await wrong("`tests/nowhere/`"));
  assert(await wrong("`admitted()`"));
  assert(await wrong("`hasRoom()`"), "a function that its file keeps to itself");
  assert(await wrong("`Turn.readLast()`"));
  assert(await wrong("`Turning`"));
  assert(await wrong("`admit()` of\n`core/turn.ts`"));
  assert(await wrong("| Step | File | Functions |\n| - | - | - |\n| a | `core/turn.ts` | `admit()` |\n"));
});

Deno.test("architecture: every room and every wing has its row, with the sentence of the check", () => {
  const table = tables(text).find(({ note }) => note === "places");
  assert(table !== undefined);
  const places = Object.entries(ROOMS).flatMap(([room, sentence]) => {
    if (room !== "src/broker/") return [[room, sentence]];
    return [
      [room, sentence],
      ...Object.entries(WINGS).map(([wing, what]) => [wing === room ? `${wing}*.ts` : wing, what]),
    ];
  });
  assertEquals(table.rows.map(([place, sentence]) => [place.replaceAll("`", ""), sentence]), places);
});

Deno.test("architecture: it can be read in one go", () => {
  assert(text.trimEnd().split("\n").length <= 250);
});
