import { assertEquals } from "@std/assert";
import { circleGroups, findCircles } from "../../tools/import_circles.ts";
import { readImports } from "../../tools/imports.ts";

/** Forms of an import, and whether it names types only. */
const FORMS: readonly [text: string, typesOnly: boolean][] = [
  [`import "./1.ts";`, false],
  [`import a from "./2.ts";`, false],
  [`import * as b from "./3.ts";`, false],
  [`import type { C } from "./4.ts";`, true],
  [`import {\n  d,\n  e,\n} from "./5.ts";`, false],
  [`export * from "./6.ts";`, false],
  [`export type { F } from "./7.ts";`, true],
  [`export {\n  g,\n} from "./8.ts";`, false],
  [`import { type H } from "./9.ts";`, true],
  [`import {\n  type I,\n  type J,\n} from "./10.ts";`, true],
  [`import { type K, l } from "./11.ts";`, false],
  [`import m, { type N } from "./12.ts";`, false],
  [`import type * as o from "./13.ts";`, true],
  [`import type from "./14.ts";`, false],
  [`import {} from "./15.ts";`, false],
  [`export { type P } from "./16.ts";`, true],
  [`import { typeName } from "./17.ts";`, false],
  [`import type Q from "./18.ts";`, true],
  [`const r = await import("./19.ts");`, false],
  [`type S = import("./20.ts").S;`, true],
  [`const { t } = (await import(\n  "./21.ts",\n)).T;`, false],
  [`import("./22.ts").then(u);`, false],
];

Deno.test("every form of import is seen, with whether it is there at run time", () => {
  const expected = FORMS.map(([, typesOnly], index) => ({ specifier: `./${index + 1}.ts`, typesOnly }));
  assertEquals(readImports(FORMS.map(([text]) => text).join("\n\n")), expected);
});

Deno.test("comments and texts are no imports", () => {
  const text = [
    `/**`,
    ` * import { a } from "./a.ts";`,
    ` * await import("./b.ts");`,
    ` */`,
    `// import { c } from "./c.ts";`,
    `export const from = "./d.ts";`,
    `export function text(): string {\n  return "from";\n}`,
    `const glob = "src/**";`,
  ];
  assertEquals(readImports(text.join("\n")), []);
});

/** Files of a made-up tree: `b` is imported as it is, `type b` as a type. */
function circles(files: Record<string, readonly string[]>): { findings: readonly string[]; largest: number } {
  const statement = (name: string) =>
    name.startsWith("type ") ? `import type { X } from "./${name.slice(5)}.ts";` : `import { x } from "./${name}.ts";`;
  return findCircles(
    Object.entries(files).map(([name, imports]) => ({
      path: `src/${name}.ts`,
      text: imports.map(statement).join("\n"),
    })),
  );
}

/** The circles of the findings, by the names of files. */
function found(files: Record<string, readonly string[]>): string[] {
  const { findings } = circles(files);
  return findings.map((line) => line.replaceAll(/src\/|\.ts/g, "").replace(/, (?:move|at most).*/, ""));
}

Deno.test("a tree without circles", () => {
  assertEquals(circles({}), { findings: [], largest: 0 });
  assertEquals(circles({ a: ["b", "c"], b: ["c", "d"], c: ["d", "type d"], d: [] }), { findings: [], largest: 0 });
  assertEquals(circles({ a: ["../src/b", "missing"], b: [] }), { findings: [], largest: 0 });
});

Deno.test("a circle at run time is found, also that of a file with itself", () => {
  assertEquals(found({ a: ["b"], b: ["a"] }), ["a -> b -> a: a circle at run time"]);
  assertEquals(found({ a: ["a"] }), ["a -> a: a circle at run time"]);
  assertEquals(found({ a: ["b"], b: ["c"], c: ["type d"], d: ["c"], e: ["a"] }), [], "types end it");
  assertEquals(found({ start: ["a"], a: ["b"], b: ["c"], c: ["a"] }), [
    "a -> b -> c -> a: a circle at run time",
    "a -> b -> c -> a: the shortest circle of 3 files that import each other",
  ]);
});

Deno.test("two files may import each other's types, three may not", () => {
  assertEquals(circles({ a: ["b"], b: ["type a"] }), { findings: [], largest: 2 });
  assertEquals(found({ a: ["b"], b: ["type c"], c: ["type a"] }), [
    "a -> b -> c -> a: the shortest circle of 3 files that import each other",
  ]);
});

Deno.test("a group is found whole, with the shortest circle in it, the largest group first", () => {
  const files = {
    ...{ p: ["type q"], q: ["type r"], r: ["type p"] },
    ...{ a: ["type b"], b: ["type c"], c: ["type d", "type e"], d: ["type a"], e: ["type c", "p"] },
    ...{ x: ["type y"], y: ["type x", "a"] },
  };
  assertEquals(found(files), [
    "c -> e -> c: the shortest circle of 5 files that import each other",
    "p -> q -> r -> p: the shortest circle of 3 files that import each other",
  ]);
  assertEquals(circles(files).largest, 5);
  const all = circles(files).findings[0].split(": ").at(-1);
  assertEquals(all, "src/a.ts src/b.ts src/c.ts src/d.ts src/e.ts");
});

Deno.test("a circle of many files is no deep recursion", () => {
  const count = 20_000;
  const graph = new Map(Array.from({ length: count }, (_, at) => [`${at}`, [`${(at + 1) % count}`]]));
  assertEquals(circleGroups(graph).map(({ length }) => length), [count]);
});
