/** What `@std/yaml` is used for here, over the npm registry. Reached through `tools/npm_import_map.json` only.
 * @module
 */

// deno-lint-ignore no-import-prefix
import { dump, load } from "npm:js-yaml@^5.0.0";

/**
 * Reads one YAML document.
 *
 * @param content the text
 * @returns the value
 * @throws {SyntaxError} when the text is not YAML
 */
export function parse(content: string): unknown {
  if (content.trim() === "") return null;
  try {
    return load(content);
  } catch (error) {
    throw new SyntaxError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Writes a value as YAML.
 *
 * @param data the value
 * @returns the text
 */
export function stringify(data: unknown): string {
  return dump(data);
}
