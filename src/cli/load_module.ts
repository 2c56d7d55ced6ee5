/** Parts of the program that come from a registry, or need something from there: loaded only where they are asked for.
 * @module */
import { UsageError } from "./usage_error.ts";

const CHECKOUT = "in a checkout start with `deno task start`, which makes do with the npm registry";

/**
 * Loads a module. Callers keep its name in a variable: what a literal names is downloaded at every start.
 *
 * @param load imports it
 * @param need what it is, and for what it is needed; `fix`: another way out
 * @returns the module
 * @throws {UsageError} that names the fix, where it cannot be loaded
 */
export async function loadModule<T>(
  load: () => Promise<unknown>,
  need: { for: string; package: string; fix?: string },
): Promise<T> {
  try {
    return await load() as T;
  } catch (error) {
    const fixes = [CHECKOUT, need.fix, "let this machine reach its registry once"];
    const [reason] = (error as Error).message.split("\n");
    const ways = fixes.filter((fix) => fix !== undefined).join(", or ");
    throw new UsageError(`${need.for}: needs ${need.package}, which cannot be loaded here (${reason}); ${ways}`, 1);
  }
}
