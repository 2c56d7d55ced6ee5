/**
 * What `deno.json` says about the package.
 *
 * @module
 */

/** The root of the checkout, a URL that ends in `/`. */
export const ROOT: URL = new URL("..", import.meta.url);

/** The parts of `deno.json` that tools and tests read. */
export interface Configuration {
  /** Version of the package. */
  readonly version: string;
  /** Entry points: name to file. */
  readonly exports: Record<string, string>;
  /** Bare names: name to specifier. */
  readonly imports: Record<string, string>;
  /** Bare names that hold in one folder only: folder to names. */
  readonly scopes: Record<string, Record<string, string>>;
  /** Tasks: name to command. */
  readonly tasks: Record<string, string | { readonly command: string }>;
}

/**
 * Reads `deno.json`.
 *
 * @param root the checkout
 * @returns what it says
 */
export async function readConfiguration(root: URL = ROOT): Promise<Configuration> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
}

/**
 * Runs Deno in the root of the checkout; what it prints goes to the terminal.
 *
 * @param args its arguments
 * @returns its exit code
 */
export async function runDeno(args: readonly string[]): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT, stdin: "null" });
  return (await command.spawn().status).code;
}
