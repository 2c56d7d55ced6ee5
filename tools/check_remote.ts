/**
 * Checks that importing an entry point of the package downloads nothing: its static module graph holds files of the
 * checkout and `node:` modules only. What is imported dynamically, where it is used, may come from a registry; but not
 * what the program needs to start without options.
 *
 * @module
 */

import { readConfiguration, ROOT, runDeno } from "./package.ts";
import { registryFlags } from "./registry.ts";

interface Reference {
  readonly specifier?: string;
  readonly error?: string;
}

/** The part of `deno info --json` that is read here. */
export interface ModuleGraph {
  /** The modules where the graph starts. */
  readonly roots: readonly string[];
  /** All modules. */
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: Reference;
      readonly type?: Reference;
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/**
 * Walks the static imports.
 *
 * @param graph what `deno info --json` prints
 * @returns one line for each module that is neither a file nor part of the runtime
 */
export function findRemote(graph: ModuleGraph): string[] {
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const findings: string[] = [];
  const seen = new Set(graph.roots);
  for (const specifier of seen) { // a Set that grows is walked to its end
    const module = modules.get(specifier);
    if (module?.error !== undefined) findings.push(`${specifier}: ${module.error}`);
    for (const dependency of module?.dependencies ?? []) {
      if (dependency.isDynamic) continue;
      const target = dependency.code?.specifier ?? dependency.type?.specifier ?? dependency.specifier;
      if (target.startsWith("file:")) seen.add(target);
      else if (!target.startsWith("node:")) findings.push(`${specifier}: imports ${target} statically`);
    }
  }
  return findings;
}

async function readGraph(file: string): Promise<ModuleGraph> {
  const args = ["info", "--json", ...await registryFlags(), file];
  const { success, stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  if (!success) throw new Error(`Cannot read the module graph of ${file}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Lets the program check its defaults while every registry is out of reach. */
async function startsOffline(): Promise<boolean> {
  return await runDeno(["run", "-A", "--unstable-kv", "--no-remote", "--no-npm", "mod.ts", "--check"]) === 0;
}

if (import.meta.main) {
  const { exports } = await readConfiguration();
  const findings = new Set<string>();
  for (const file of Object.values(exports)) {
    for (const finding of findRemote(await readGraph(file))) findings.add(finding);
  }
  if (!await startsOffline()) findings.add("mod.ts does not start while registries are out of reach");
  for (const finding of findings) console.error(finding);
  console.log(
    findings.size === 0
      ? "neither an entry point nor the default start downloads anything"
      : `${findings.size} findings`,
  );
  Deno.exit(findings.size === 0 ? 0 : 1);
}
