/** Finds, reads and parses the configuration.
 * @module */
import type { CheckedConfig } from "./config_schema.ts";
import { loadModule } from "./load_module.ts";
import type { FileSettings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/** What comes in from outside, so that tests need no files. */
export interface ConfigSource {
  /** Reads a file. */
  readFile(path: string): Promise<string>;
  /** Reads standard input to its end. */
  readStdin(): Promise<string>;
}

/** A configuration with the folder that its relative paths start from. */
export interface LoadedConfig {
  /** What it says; parts that are wrong are left out. */
  readonly settings: FileSettings;
  /** What is wrong with it, one line for each thing. */
  readonly problems: readonly string[];
  /** Names of the parts that were left out. */
  readonly wrong: ReadonlySet<string>;
  /** Its folder, empty for the current one. */
  readonly folder: string;
}

type Parse = (text: string) => unknown;

// Not literals in `import(...)`: what a literal names is downloaded at every start, also of those who have no configuration.
const SCHEMA_MODULE: string = "./config_schema.ts";
const YAML_MODULE: string = "./yaml.ts";

/** Files and standard input of this process. */
export const processSource: ConfigSource = {
  readFile: (path) => Deno.readTextFile(path),
  readStdin: () => new Response(Deno.stdin.readable).text(),
};

/**
 * Reads a configuration and checks it.
 *
 * @param path a file that ends in `.yaml`, `.yml` or `.json`, or `-` for standard input
 * @param source where to read
 * @returns what it says, and what is wrong with it
 * @throws {UsageError} when it cannot be read or parsed at all
 */
export async function loadConfig(path: string, source: ConfigSource = processSource): Promise<LoadedConfig> {
  const isJson = path === "-" ? undefined : hasJsonEnding(path);
  const text = await readSource(path, source);
  const value = await parse(text, { path, isJson: isJson ?? text.trimStart().startsWith("{") });
  const need = { for: nameOf(path), package: "npm:valibot" };
  const load = () => import(SCHEMA_MODULE);
  const { readConfig } = await loadModule<{ readConfig: (value: unknown) => CheckedConfig }>(load, need);
  return { ...readConfig(value), folder: folderOf(path) };
}

/**
 * Reads YAML or JSON text by the ending of its file.
 *
 * @param path the file
 * @param source where to read
 * @returns the value
 * @throws {UsageError} when it cannot be read or parsed
 */
export async function loadValue(path: string, source: ConfigSource = processSource): Promise<unknown> {
  const isJson = hasJsonEnding(path);
  return await parse(await readSource(path, source), { path, isJson });
}

/**
 * Makes a path of a configuration absolute, or relative to the current folder.
 *
 * @param folder folder of the configuration
 * @param path the path
 */
export function resolvePath(folder: string, path: string): string {
  const isAbsolute = /^([/\\]|[A-Za-z]:[/\\])/.test(path);
  return isAbsolute || folder === "" ? path : `${folder}${path}`;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

function hasJsonEnding(path: string): boolean {
  const ending = /\.(yaml|yml|json)$/i.exec(path)?.[1].toLowerCase();
  if (ending !== undefined) return ending === "json";
  throw new UsageError(`${path}: expected a file that ends in .yaml, .yml or .json`);
}

async function readSource(path: string, source: ConfigSource): Promise<string> {
  let text: string;
  try {
    text = path === "-" ? await source.readStdin() : await source.readFile(path);
  } catch (error) {
    throw new UsageError(`${path}: cannot be read: ${(error as Error).message}`);
  }
  if (text.trim() === "") throw new UsageError(`${nameOf(path)}: is empty`);
  return text;
}

async function parse(text: string, { path, isJson }: { path: string; isJson: boolean }): Promise<unknown> {
  const parseText = isJson ? JSON.parse : await loadYamlParser(path);
  try {
    return parseText(text);
  } catch (error) {
    throw new UsageError(`${nameOf(path)}: is not ${isJson ? "JSON" : "YAML"}: ${(error as Error).message}`);
  }
}

async function loadYamlParser(path: string): Promise<Parse> {
  const need = { for: nameOf(path), package: "jsr:@std/yaml", fix: "write it as JSON" };
  return (await loadModule<{ parse: Parse }>(() => import(YAML_MODULE), need)).parse;
}

function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}
