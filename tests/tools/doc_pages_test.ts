/** The pages: what they name exists, what they link is there, and what they show runs. */

import { assert, assertEquals } from "@std/assert";
import {
  anchorOf,
  codeBlocks,
  headings,
  isRunnable,
  links,
  type Page,
  readPage,
  readPages,
  sectionOf,
  type Table,
  tables,
} from "../../tools/doc_pages.ts";
import { readConfiguration, ROOT } from "../../tools/package.ts";
import { registryFlags } from "../../tools/registry.ts";
import { readSources } from "../../tools/sources.ts";
import { newSystemInfo } from "../../src/hook/system_info.ts";
import { Child } from "../helpers/child.ts";

const pages = await readPages(ROOT);
const readme = await readPage(ROOT, "README.md");
const { exports, tasks } = await readConfiguration();

function tableOf({ text }: Page, note: string): Table {
  const table = tables(text).find((table) => table.note === note);
  assert(table !== undefined, `there is no table "${note}"`);
  return table;
}

function pageAt(path: string): Page {
  return pages.find((page) => page.path === path)!;
}

/** First cells of a table, without their quotes. */
function firstCells({ rows }: Table): string[] {
  return rows.map(([cell]) => cell.replaceAll("`", ""));
}

Deno.test("pages: the front door is short, and leads to every page", () => {
  assert(readme.text.trimEnd().split("\n").length <= 200);
  const led = links(readme.text).map((target) => target.split("#")[0]);
  for (const { path } of pages) {
    assert(path === "README.md" || led.includes(path), `README.md does not lead to ${path}`);
  }
});

for (const { path, text } of pages) {
  Deno.test(`pages: every link of ${path} leads somewhere`, async () => {
    for (const target of links(text)) {
      if (/^https?:/.test(target)) continue;
      const [file, anchor] = target.split("#"),
        url = file === "" ? new URL(path, ROOT) : new URL(file, new URL(path, ROOT));
      assert(await Deno.stat(url).then(() => true, () => false), `${path}: there is no ${target}`);
      if (anchor === undefined) continue;
      const anchors = headings(await Deno.readTextFile(url)).map(anchorOf);
      assert(anchors.includes(anchor), `${path}: there is no ${target}`);
    }
  });
}

Deno.test("pages: every import that they name is an entry point", () => {
  const known = Object.keys(exports).map((name) => name.replace(/^\./, "@mochi/broker"));
  for (const { path, text } of pages) {
    for (const [name] of text.matchAll(/@mochi\/broker(?:\/[\w-]+)*/g)) {
      assert(known.includes(name), `${path}: ${name} is no entry point`);
    }
  }
});

Deno.test("pages: every entry point has its row", () => {
  const told = firstCells(tableOf(pageAt("docs/features.md"), "entry points"));
  assertEquals(told.sort(), Object.keys(exports).map((name) => name.replace(/^\./, "@mochi/broker")).sort());
});

Deno.test("pages: every limit that they name exists", async () => {
  const sources = (await readSources(ROOT)).filter(({ path }) => /^(src|listeners|hooks)\//.test(path));
  const text = sources.map((source) => source.text).join("\n");
  const known = new Set([...text.matchAll(/\b(\w+)\??: /g)].map(([, name]) => name));
  const told = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:maximum|minimum)[A-Z]\w*)`/g)].map(([, name]) => ({ path, name }))
  );
  assertEquals(told.filter(({ name }) => !known.has(name)), []);
});

Deno.test("pages: every counter has its row, under its topic", async () => {
  const source = await Deno.readTextFile(new URL("src/broker/lifecycle/sys_topics.ts", ROOT));
  const real = [...source.matchAll(/\["(broker\/[\w/]+)", "(\w+)"\]/g)].map(([, topic, name]) =>
    `$SYS/${topic} ${name}`
  );
  const { rows } = tableOf(pageAt("docs/features.md"), "counters");
  const told = rows.map(([topic, name]) => `${topic} ${name}`.replaceAll("`", ""));
  assertEquals(told.toSorted(), real.toSorted());
  assertEquals(real.length, Object.keys(newSystemInfo("", 0)).length);
});

Deno.test("pages: every task that they name exists, and every task has its place", () => {
  const told = pages.flatMap(({ text }) =>
    [...text.matchAll(/deno task ([a-z]+(?::[a-z]+)*)/g)].map(([, name]) => name)
  );
  const unknown = told.filter((name) => tasks[name] === undefined);
  assertEquals(unknown, []);
  const { text } = pageAt("CONTRIBUTING.md");
  for (const name of Object.keys(tasks)) {
    assert(name.startsWith("test:") || text.includes(`\`deno task ${name}\``) || text.includes(`\`${name}\``), name);
  }
});

Deno.test("pages: every event that the front door and others name is one", async () => {
  const declarations = await Deno.readTextFile(new URL("src/hook/hook.ts", ROOT));
  for (const { path, text } of pages) {
    if (path === "docs/hooks.md") continue; // it has a test of its own
    for (const [, name] of text.matchAll(/`(on[A-Z]\w+|stored[A-Z]\w+)`/g)) {
      assert(declarations.includes(`  ${name}?(`), `${path}: there is no event ${name}`);
    }
  }
});

/** Runs code as a program in the folder of the checkout. */
async function runCode(code: string): Promise<Child> {
  return new Child(Deno.execPath(), ["eval", "--ext=ts", ...await registryFlags(), code]);
}

function blockUnder(heading: string): string {
  const block = codeBlocks(sectionOf(readme.text, heading) ?? "").find(({ info }) => info === "ts");
  assert(block !== undefined, `README.md has no example under "${heading}"`);
  return block.code;
}

Deno.test("pages: the first example serves until it is stopped", async () => {
  const code = blockUnder("Embed it");
  assert(code.includes("127.0.0.1:1883"));
  await using child = await runCode(code.replace("127.0.0.1:1883", "127.0.0.1:0"));
  const [, port] = await child.line(/MQTT at 127\.0\.0\.1:(\d+)/);
  await child.line(/\$inline says hello/);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await connection.write(Uint8Array.of(0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x61));
  const answer = new Uint8Array(4);
  assertEquals(await connection.read(answer), 4);
  assertEquals(answer, Uint8Array.of(0x20, 2, 0, 0));
});

Deno.test("pages: the web application serves until it is stopped", async () => {
  const code = blockUnder("Put it into a web application");
  const server = `Deno.serve({ hostname: "127.0.0.1" }, mqtt.fetch);`;
  assert(code.includes(server));
  await using child = await runCode(code.replace(server, server.replace(" }", ", port: 0 }")));
  const [, address] = await child.line(/(http:\/\/127\.0\.0\.1:\d+)/);
  assertEquals(await (await fetch(`${address}/`)).text(), "the application");
  const socket = new WebSocket(`${address.replace("http", "ws")}/mqtt`, "mqtt");
  const opened = Promise.withResolvers<string>();
  socket.onopen = () => opened.resolve(socket.protocol);
  socket.onerror = () => opened.reject(new Error("the WebSocket does not open"));
  assertEquals(await opened.promise, "mqtt");
  const closed = Promise.withResolvers<void>();
  socket.onclose = () => closed.resolve();
  socket.close();
  await closed.promise;
});

const SAMPLE = `# A page

Text with a [link](docs/a.md#part) and \`code\`.

## Part \`one\`

<!-- a note -->

| Name | Value  |
| ---- | ------ |
| \`a\`  | 1 \\| 2 |

\`\`\`ts run
# no heading, and [no](link)
\`\`\`

### Below

\`\`\`sh
ls
\`\`\`

## Part two
`;

Deno.test("pages are taken apart", () => {
  assertEquals(headings(SAMPLE), ["A page", "Part one", "Below", "Part two"]);
  assertEquals(links(SAMPLE), ["docs/a.md#part"]);
  assertEquals(tables(SAMPLE), [{ note: "a note", head: ["Name", "Value"], rows: [["`a`", "1 \\| 2"]] }]);
  const blocks = codeBlocks(SAMPLE);
  assertEquals(blocks.map(({ info, line }) => [info, line]), [["ts run", 13], ["sh", 19]]);
  assertEquals(blocks.map(isRunnable), [true, false]);
  assertEquals(blocks[0].code, "# no heading, and [no](link)\n");
  assertEquals(anchorOf("What lives `how` long?".replaceAll("`", "")), "what-lives-how-long");
});

Deno.test("a section ends at the next heading of its level", () => {
  assert(sectionOf(SAMPLE, "Part one")!.includes("### Below"));
  assert(!sectionOf(SAMPLE, "Part one")!.includes("Part two"));
  assertEquals(sectionOf(SAMPLE, "Part two")!.trim(), "");
  assertEquals(sectionOf(SAMPLE, "no heading, and [no](link)"), undefined);
});
