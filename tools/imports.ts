/**
 * Reads what a module imports.
 *
 * @module
 */

import { posix } from "node:path";
import type { Source } from "./sources.ts";

/** One import of a module. */
export interface Import {
  /** What stands in quotes. */
  readonly specifier: string;
  /** Whether nothing of it is left when the program runs. */
  readonly typesOnly: boolean;
}

/** Files and what they import: paths from the root of the checkout. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * Finds what a module imports or exports again, statically, dynamically or as a type.
 *
 * @param text the module, formatted by `deno fmt`: statements start in the first column, comment lines with `*` or `//`
 * @returns the imports: statements in the order of the text, then expressions
 */
export function readImports(text: string): Import[] {
  const code = text.split("\n").filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line)).join("\n");
  const statements = code.matchAll(/^(?:import|export)\b([^;"'()]*?\bfrom)?\s*["']([^"']+)["']/gm);
  const expressions = code.matchAll(/\bimport\(\s*["'`]([^"'`]+)["'`],?\s*\)(\.[A-Z])?/g);
  return [
    ...[...statements].map(([, names = "", specifier]) => ({ specifier, typesOnly: namesTypesOnly(names) })),
    // a promise has no property that begins with a capital letter: `import("./a.ts").A` names a type
    ...[...expressions].map(([, specifier, member]) => ({ specifier, typesOnly: member !== undefined })),
  ];
}

/** True for ` type { A } from`, ` { type A, type B } from` and the like. */
function namesTypesOnly(names: string): boolean {
  if (/^\s+type\b(?!\s+from)/.test(names)) return true;
  const braced = /^\s*\{([^}]*)\}\s*from$/.exec(names)?.[1].split(",").map((name) => name.trim()).filter(Boolean);
  return braced !== undefined && braced.length > 0 && braced.every((name) => name.startsWith("type "));
}

/**
 * Resolves a relative specifier.
 *
 * @param path the file that imports
 * @param specifier what it imports
 * @returns the path from the root of the checkout; `undefined` for packages
 */
export function resolveImport(path: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined;
}

/**
 * Puts the imports of many files together.
 *
 * @param sources the files
 * @param options `atRunTime`: without the imports that name types only
 * @returns each file with the files among them that it imports
 */
export function importGraph(sources: readonly Source[], options: { atRunTime: boolean }): ImportGraph {
  const paths = new Set(sources.map(({ path }) => path));
  return new Map(sources.map(({ path, text }) => {
    const wanted = readImports(text).filter(({ typesOnly }) => !options.atRunTime || !typesOnly);
    const targets = wanted.map(({ specifier }) => resolveImport(path, specifier));
    return [path, [...new Set(targets)].filter((target): target is string => paths.has(target ?? ""))];
  }));
}
