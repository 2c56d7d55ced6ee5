/** docs/configuration.md has every option, with the default and the range that it really has. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { BrokerOptions } from "../../src/broker/core/options.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { COMMAND_OPTIONS } from "../../src/cli/options.ts";
import { snakeCase } from "../../src/cli/snake_case.ts";
import { readPage, type Table, tables } from "../../tools/doc_pages.ts";
import { ROOT } from "../../tools/package.ts";
import { configKeys, configTakes } from "./config_keys.ts";

const PAGE = "docs/configuration.md";
const page = await readPage(ROOT, PAGE);
const all = tables(page.text);

/** A row, by the heads of its columns. */
type Row = ReadonlyMap<string, string>;

function rowsOf({ head, rows }: Table): Row[] {
  return rows.map((cells) => new Map(cells.map((cell, index) => [head[index], cell])));
}

/** What the note of a table says under a name: `code: ...; file: ...`. */
function noted(table: Table, name: string): string | undefined {
  const part = table.note.split(";").map((text) => text.trim()).find((text) => text.startsWith(`${name}:`));
  return part?.slice(name.length + 1).trim();
}

/** A cell without its quotes. */
function plain(cell: string | undefined): string {
  return (cell ?? "").replaceAll("`", "").trim();
}

/** The value that a cell stands for. */
function valueOf(cell: string): unknown {
  const text = plain(cell);
  if (text === '""') return "";
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text.replaceAll(",", ""));
  return text !== "" && Number.isFinite(number) ? number : text;
}

/** Rows of all tables that are about one group of options in code. */
function optionRows(group: string): Row[] {
  return all.filter((table) => noted(table, "code") === group).flatMap(rowsOf);
}

const GROUPS: readonly [group: string, wrap: (options: Record<string, unknown>) => BrokerOptions][] = [
  ["BrokerOptions", (options) => options],
  ["Capabilities", (capabilities) => ({ capabilities })],
  ["Compatibilities", (compatibilities) => ({ compatibilities })],
];

const { capabilities, compatibilities, dispatch: _, ...rest } = resolveOptions();
const DEFAULTS: Record<string, Record<string, unknown>> = {
  BrokerOptions: { ...rest, capabilities, compatibilities } as unknown as Record<string, unknown>,
  Capabilities: { ...capabilities },
  Compatibilities: { ...compatibilities },
};

for (const [group, wrap] of GROUPS) {
  const rows = optionRows(group);
  const named = new Map(rows.map((row) => [plain(row.get("In code")), row]));
  const standard = DEFAULTS[group];

  Deno.test(`docs: every option of ${group} has one row, and every row an option`, () => {
    assertEquals([...named.keys()].sort(), Object.keys(standard).sort(), PAGE);
    assertEquals(rows.length, named.size, `${PAGE} has a row twice`);
  });

  Deno.test(`docs: every default of ${group} is the real one`, () => {
    for (const [name, value] of Object.entries(standard)) {
      if (typeof value === "object" || typeof value === "function") continue;
      assertEquals(valueOf(named.get(name)?.get("Default") ?? ""), value, `${PAGE}: default of ${name}`);
    }
  });

  Deno.test(`docs: every range of ${group} is the real one`, () => {
    for (const name of Object.keys(standard)) {
      const range = named.get(name)?.get("Range") ?? "";
      for (const value of inside(range)) resolveOptions(wrap({ [name]: value }));
      for (const value of outside(range)) {
        assertThrows(() => resolveOptions(wrap({ [name]: value })), Error, name, `${PAGE}: ${name} can be ${value}`);
      }
    }
  });

  Deno.test(`docs: every option of ${group} has its name in files`, () => {
    for (const [name, row] of named) {
      const expected = ["logger", "clock"].includes(name) ? "" : snakeCase(name);
      assertEquals(plain(row.get("In the file")), expected, `${PAGE}: name of ${name}`);
    }
  });
}

/** `0 to 65,535`, `1 and more`, or words. */
const FROM_TO = /^([\d.,]+) (?:to ([\d.,]+)|and more)$/;

function inside(range: string): unknown[] {
  const match = FROM_TO.exec(range);
  if (match !== null) return match.slice(1).filter((bound) => bound !== undefined).map(valueOf);
  return [...range.matchAll(/`(\w+)`/g)].map(([, word]) => word);
}

function outside(range: string): unknown[] {
  const match = FROM_TO.exec(range);
  if (match === null) return range.includes("`") ? ["nothing_of_this"] : [];
  const [lowest, highest] = match.slice(1).map((bound) => bound && valueOf(bound));
  return highest === undefined ? [Number(lowest) - 1] : [Number(lowest) - 1, Number(highest) + 1];
}

Deno.test("docs: every number has a range", () => {
  for (const [group] of GROUPS) {
    for (const row of optionRows(group)) {
      const name = plain(row.get("In code"));
      if (typeof DEFAULTS[group][name] !== "number") continue;
      assert(FROM_TO.test(row.get("Range") ?? ""), `${PAGE}: ${name} has no range`);
    }
  }
});

Deno.test("docs: every key of a configuration file has its row, and every row a key", () => {
  const told = new Map<string, Set<string>>();
  for (const table of all) {
    const section = noted(table, "file");
    if (section === undefined) continue;
    for (const row of rowsOf(table)) {
      const key = plain(row.get("In the file")) || plain(row.get("In code, and in the file"));
      if (key !== "") told.set(section, (told.get(section) ?? new Set()).add(key));
    }
  }
  for (const [section, keys] of configKeys()) {
    const place = placeOf(section), places = new Set([place, siblingsOf(place)]);
    const keysOfBoth = [...places].flatMap((one) => [...told.get(one) ?? []]);
    const isPlain = section === "listeners[ws]"; // with a certificate it is wss
    const expected = keysOfBoth.filter((key) => !isPlain || !["tls", "handshake_timeout"].includes(key));
    assertEquals(expected.toSorted(), keys.toSorted(), `${PAGE}: keys of "${section}"`);
  }
});

/** Where the keys of a section are told: some are the same as those of another one. */
function placeOf(section: string): string {
  const others: Readonly<Record<string, string>> = {
    "listeners[ws]": "listeners[wss]",
    "listeners[wss].tls": "listeners[tls].tls",
    "options.capabilities.compatibilities": "options.compatibilities",
  };
  return others[section] ?? section;
}

/** Where the keys are told that all sections of a kind have. */
function siblingsOf(section: string): string {
  return section.replace(/\[\w+\]$/, "[*]").replace(/^(hooks\.storage)\.\w+$/, "$1.*");
}

Deno.test("docs: every range of a key of listeners and hooks is the real one", () => {
  for (const table of all) {
    const section = noted(table, "file");
    if (section === undefined || section.startsWith("options")) continue;
    for (const row of rowsOf(table)) {
      const key = plain(row.get("In the file")), range = row.get("Range") ?? "";
      if (key === "" || !FROM_TO.test(range)) continue;
      const takes = (value: unknown) => configTakes(section.replace("*", "kv"), key, value);
      for (const value of inside(range)) assert(takes(value), `${PAGE}: ${key} cannot be ${value}`);
      for (const value of outside(range)) assert(!takes(value), `${PAGE}: ${key} can be ${value}`);
    }
  }
});

Deno.test("docs: every option of listeners and hooks has its row, with the default that its comment tells", async () => {
  for (const table of all) {
    const code = noted(table, "code");
    if (code === undefined || !code.includes(" in ")) continue;
    const properties = new Map<string, string>();
    for (const place of code.split(",")) {
      const [name, file] = place.trim().split(" in ");
      for (const entry of propertiesOf(await Deno.readTextFile(new URL(file, ROOT)), name)) properties.set(...entry);
    }
    const first = table.head[0], rows = rowsOf(table).filter((row) => plain(row.get(first)) !== "");
    assertEquals(rows.map((row) => plain(row.get(first))).sort(), [...properties.keys()].sort(), `${PAGE}: ${code}`);
    for (const row of rows) assertDefault(plain(row.get(first)), row, properties.get(plain(row.get(first)))!);
  }
});

/** Names of an interface's properties, each with its comment. */
function propertiesOf(source: string, name: string): [name: string, comment: string][] {
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, "m").exec(source)?.[1];
  assert(body !== undefined, `there is no interface ${name}`);
  return [...body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(?:readonly )?(\w+)\??:/g)].map((match) => [
    match[2],
    match[1].replace(/\s*\n\s*\*\s*/g, " "),
  ]);
}

/** A comment that tells a plain default, and the table, say the same. */
function assertDefault(name: string, row: Row, comment: string): void {
  const told = /\bdefault (?:to )?`?([\w.,:/]+?)`?(?=[,;.)]?(?:\s|$))/.exec(comment)?.[1];
  const cell = row.get("Default");
  if (told === undefined || cell === undefined || plain(cell) === "") return;
  assertEquals(valueOf(cell), valueOf(told), `${PAGE}: default of ${name}, whose comment says: ${comment}`);
}

Deno.test("docs: every option of the command line has its row", () => {
  const table = all.find(({ note }) => note === "command line");
  assert(table !== undefined);
  const told = rowsOf(table).map((row) => [plain(row.get("Option")), plain(row.get("Value"))]);
  const real = COMMAND_OPTIONS.map(({ name, value = "" }) => [name, value]);
  assertEquals(told.map(String).sort(), real.map(String).sort(), PAGE);
  for (const row of rowsOf(table)) {
    const option = COMMAND_OPTIONS.find(({ name }) => name === plain(row.get("Option")))!;
    assertEquals(row.get("What it does")!.includes("repeats"), option.repeats === true, `${PAGE}: ${option.name}`);
  }
});
