import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { choose, mutantsOf, readArguments, staleEntries, suitesFor, summary } from "../../tools/mutate.ts";
import { SUITES_OF } from "../../tools/mutation_rules.ts";
import { applied, findMutants, type Kind, type Mutant } from "../../tools/mutations.ts";
import { Laboratory, type Verdict } from "../../tools/mutation_run.ts";
import { ROOT } from "../../tools/package.ts";
import { readSources } from "../../tools/sources.ts";
import { SUITES } from "../../tools/suites.ts";

/** What becomes of a text, mutant by mutant. */
function mutants(text: string, kind: Kind): string[] {
  return findMutants("src/broker/a.ts", text).filter((mutant) => mutant.kind === kind).map((mutant) =>
    applied(text, mutant)
  );
}

Deno.test("a throw is dropped, one that passes an error on is not", () => {
  assertEquals(mutants('if (a) throw new MqttError(0x82, f("x;", { b: 1 }));\nb();', "drop throw"), ["if (a) ;\nb();"]);
  assertEquals(mutants("throw tooLong(1);", "drop throw"), [";"]);
  assertEquals(mutants("throw error;", "drop throw"), []);
});

Deno.test("what has a tag is dropped", () => {
  const drop = (text: string) => mutants(text, "drop rule");
  assertEquals(drop("a();\nb(1); // [MQTT-3.1.2-24]\nc();"), ["a();\n // [MQTT-3.1.2-24]\nc();"]);
  assertEquals(drop("{\n  if (a(1) && b) { // not [v311 MQTT-4.7.3-1]\n"), [
    "{\n  if (false) { // not [v311 MQTT-4.7.3-1]\n",
  ]);
  assertEquals(drop("if (a) return 1; // [MQTT-1.5.4-2]"), ["if (false) return 1; // [MQTT-1.5.4-2]"]);
  const whole = "const a = 1; // [MQTT-1.5.4-2]\nreturn a; // [MQTT-1.5.4-2]\nb(\n  c(); // [MQTT-1.5.4-2]\n";
  assertEquals(drop(whole), []);
  assertEquals(drop("b(); // no tag\nb(); // [x]"), []);
});

Deno.test("a reason code becomes another one", () => {
  const swap = (text: string) => mutants(text, "swap code");
  assertEquals(swap("f(0x82, 0x83, 0x10)"), ["f(0x83, 0x83, 0x10)", "f(0x82, 0x80, 0x10)", "f(0x82, 0x83, 0x83)"]);
  assertEquals(swap("f(0x0f, 0xff, 0x8000, 0x7f)"), []);
  assertEquals(swap("f(ReasonCode.NotAuthorized, a as ReasonCode)"), [
    "f(ReasonCode.ImplementationSpecificError, a as ReasonCode)",
  ]);
  assertEquals(swap("f(ReasonCode.ImplementationSpecificError)"), ["f(ReasonCode.UnspecifiedError)"]);
});

Deno.test("a condition is inverted", () => {
  const invert = (text: string) => mutants(text, "invert condition");
  assertEquals(invert('if (a("(") && (b || c)) d();'), ['if (!(a("(") && (b || c))) d();']);
  assertEquals(invert("else if (a) {}\nif (b) {}"), ["else if (!(a)) {}\nif (b) {}", "else if (a) {}\nif (!(b)) {}"]);
});

Deno.test("a limit is moved", () => {
  const move = (text: string) => mutants(text, "move limit");
  assertEquals(move("a < b, c >= 1"), ["a <= b, c >= 1", "a < b, c > 1"]);
  assertEquals(move("const MAXIMUM = 65_535;"), ["const MAXIMUM = 65534;"]);
  assertEquals(move("const f = (a: Map<string, A<b>>) => a;\nconst maximum = 5;\n"), []);
});

Deno.test("comments, texts and regular expressions are no code", () => {
  const text = [
    "/** if (a) throw new A(); 0x82 */",
    "// if (a) b < c",
    "const a = 'if (a) 0x82' + \"a < b\" + `0x82 ${f(`if (a)`)} a < b`;",
    "const b = c.replace(/if \\(a\\) \" 0x82/, '');",
  ].join("\n");
  assertEquals(findMutants("src/broker/a.ts", text), []);
});

Deno.test("a mutant knows its line", () => {
  const [mutant] = findMutants("src/broker/a.ts", "a();\n\nif (b) c();\n");
  assertEquals([mutant.file, mutant.line], ["src/broker/a.ts", 3]);
});

Deno.test("every room has mutants of every kind, and each changes its file", async () => {
  const sources = (await readSources(ROOT)).filter(({ path }) => suitesFor(path).length > 0);
  const all = sources.flatMap(({ path, text }) => findMutants(path, text));
  const kindsOf = (room: string) =>
    new Set(all.filter(({ file }) => file.startsWith(`src/${room}/`)).map(({ kind }) => kind));
  for (const room of ["broker", "packets", "topics"]) assert(kindsOf(room).size >= 4, `${room}: ${[...kindsOf(room)]}`);
  for (const room of ["session", "time", "hook", "cli"]) {
    assert(kindsOf(room).size >= 2, `${room}: ${[...kindsOf(room)]}`);
  }
  for (const { path, text } of sources) {
    for (const mutant of findMutants(path, text)) assert(applied(text, mutant) !== text, `${path}:${mutant.line}`);
  }
  const files = new Set(sources.map(({ path }) => path));
  for (const handler of ["connect", "subscribe", "unsubscribe", "acks", "auth", "disconnect"]) {
    assert(files.has(`src/broker/inbound/handle_${handler}.ts`), handler);
  }
});

Deno.test("places without a rule are left out, what surrounds them is not", () => {
  const file = "src/broker/a.ts", text = "const SIZE = 64;\nif (a < b && c > SIZE) d();\n";
  const left = (...code: string[]) => mutantsOf(file, text, code.map((code) => ({ file, code }))).length;
  assertEquals(left(), 4);
  assertEquals([left("SIZE = 64"), left("> SIZE"), left("SIZE = 64", "c > SIZE"), left("a < b && c > SIZE")], [
    3,
    3,
    2,
    1,
  ]);
  assertEquals(mutantsOf(file, text, [{ file: "src/broker/b.ts", code: "> SIZE" }]).length, 4);
});

Deno.test("all of src is mutated but a few files that are about speed", async () => {
  const paths = (await readSources(ROOT)).map(({ path }) => path).filter((path) => path.startsWith("src/"));
  const without = paths.filter((path) => suitesFor(path).length === 0);
  assert(without.length < paths.length / 40, without.join(", "));
  const names = SUITES.map(({ name }) => name);
  for (const suite of Object.values(SUITES_OF).flat()) assert(names.includes(suite), suite);
});

Deno.test("an entry that leaves out what is not there is an error", async () => {
  assertEquals(staleEntries(await readSources(ROOT)), []);
  const sources = [{ path: "src/time/a.ts", text: "const SIZE = 64;\nif (a < b) c();\n" }];
  const stale = (withoutRules: string[], places: [file: string, code: string][], suitesOf: string[] = []) =>
    staleEntries(sources, {
      suitesOf: Object.fromEntries(suitesOf.map((start) => [start, ["time"]])),
      withoutRules: { speed: withoutRules },
      noRules: { memory: places.map(([file, code]) => ({ file, code })) },
    });
  assertEquals(stale([], [["src/time/a.ts", "SIZE = 64"], ["src/time/a.ts", "a < b"]], ["src/time/"]), []);
  assertEquals(stale(["src/time/a.ts"], []), []);
  assertEquals(stale(["src/time/b.ts"], [], ["src/hook/"]), [
    "src/hook/: there is no such file",
    "src/time/b.ts: there is no such file",
  ]);
  assertEquals(stale([], [["src/time/b.ts", "a < b"], ["src/time/a.ts", "b < a"], ["src/time/a.ts", "c();"]]), [
    'src/time/b.ts: there is no such file, its place without a rule "a < b"',
    'src/time/a.ts: does not have the code "b < a"',
    'src/time/a.ts: no mutant in "c();"',
  ]);
  assertEquals(stale(["src/time/a.ts"], [["src/time/a.ts", "a < b"]]), [
    'src/time/a.ts: left out as a whole, and again "a < b"',
  ]);
});

function mutant(file: string, start: number): Mutant {
  return { file, line: 1, kind: "swap code", start, end: start + 1, replacement: "" };
}

Deno.test("a seed chooses the same mutants from all rooms", () => {
  const rooms = ["broker", "session", "packets", "topics"];
  const all = rooms.flatMap((room) => Array.from({ length: 20 }, (_, start) => mutant(`src/${room}/a.ts`, start)));
  const chosen = choose(all, { sample: 12, seed: 7 });
  assertEquals(chosen, choose(all, { sample: 12, seed: 7 }));
  assert(JSON.stringify(chosen) !== JSON.stringify(choose(all, { sample: 12, seed: 8 })));
  for (const room of rooms) assertEquals(chosen.filter(({ file }) => file.includes(room)).length, 3);
  assertEquals(choose(all, { sample: Infinity, seed: 1 }).length, 80);
  assertEquals(new Set(choose(all.slice(0, 25), { sample: 100, seed: 1 })).size, 25);
});

Deno.test("the command line", () => {
  const { sample, seed, only, list } = readArguments([]);
  assertEquals([sample, seed, only, list], [30, 1, [], false]);
  const args = readArguments(["--", "--sample", "all", "--seed=9", "--only", "a.ts,b.ts", "--list"]);
  assertEquals([args.sample, args.seed, args.only, args.list], [Infinity, 9, ["a.ts", "b.ts"], true]);
  assertThrows(() => readArguments(["--sample", "none"]), RangeError, "--sample: current value is none");
  assertThrows(() => readArguments(["--smaple", "3"]), TypeError);
});

Deno.test("more than 5 % of survivors are too many", () => {
  const verdicts = (survivors: number): Verdict[] =>
    Array.from({ length: 40 }, (_, index) => ({
      ...{ mutant: mutant("a", 0), seconds: 1, noticedBy: index < survivors ? undefined : "a test" },
    }));
  assertEquals(summary(verdicts(2), 3), {
    ...{ line: "40 mutants, 38 noticed, 2 survived: 5.0 % (seed 3)", tooMany: false },
  });
  assert(summary(verdicts(3), 3).tooMany);
});

const SOURCE = `export function check(size: number): number {
  if (size > 10) throw new Error("too large");
  let left = size;
  while (left > 0) {
    if (left > 0) left -= 1;
  }
  left = 0; // [MQTT-1.5.4-2]
  return left >= 0 ? 0x82 : 0x84;
}
`;
const TEST = `import { check } from "../../src/topics/a.ts";
Deno.test("ten fit", () => { if (check(10) !== 0x82) throw new Error("no"); });
Deno.test("eleven do not", () => { try { check(11); } catch { return; } throw new Error("no"); });
`;

/** A checkout with one file and its test. */
async function makeCheckout(test: string): Promise<URL> {
  const folder = await Deno.makeTempDir();
  for (const [file, text] of [["src/topics/a.ts", SOURCE], ["tests/topics/a_test.ts", test], ["deno.json", "{}"]]) {
    await Deno.mkdir(`${folder}/${file.slice(0, file.lastIndexOf("/") + 1)}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${file}`, text);
  }
  return new URL(`file://${folder}/`);
}

Deno.test("tests are run on each mutant in a copy, and an endless loop counts as noticed", async () => {
  const root = await makeCheckout(TEST);
  await using laboratory = await Laboratory.open(root, { jobs: 2, limit: 6 });
  const found = findMutants("src/topics/a.ts", SOURCE);
  const chosen = found.filter(({ kind, line }) => kind !== "move limit" || line === 2 || line === 4);
  const verdicts: Verdict[] = [];
  await laboratory.run(chosen, () => ["topics"], (verdict) => verdicts.push(verdict));
  const ends = verdicts.map(({ mutant: { line, kind }, noticedBy = "nothing" }) => `${line} ${kind}: ${noticedBy}`);
  assertEquals(ends.toSorted(), [
    "2 drop throw: eleven do not",
    "2 invert condition: ten fit",
    "2 move limit: ten fit",
    "4 move limit: the limit of 6 seconds",
    "5 invert condition: the limit of 6 seconds",
    "7 drop rule: nothing",
    "8 swap code: nothing",
    "8 swap code: ten fit",
  ]);
  assertEquals(await Deno.readTextFile(new URL("src/topics/a.ts", root)), SOURCE);
});

Deno.test("tests that fail without a mutant judge none", async () => {
  const root = await makeCheckout(TEST.replace("check(10)", "check(11)"));
  await using laboratory = await Laboratory.open(root, { jobs: 1, limit: 30 });
  const found = findMutants("src/topics/a.ts", SOURCE);
  const run = laboratory.run(found, () => ["topics"], () => {});
  assertMatch(String(await run.catch((error) => error)), /without one, topics fails: ten fit/);
});
