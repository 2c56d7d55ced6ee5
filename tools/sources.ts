/**
 * Reads the TypeScript files of the checkout.
 *
 * @module
 */

/** One file. */
export interface Source {
  /** Its path from the root of the checkout, with `/`. */
  readonly path: string;
  /** Its text. */
  readonly text: string;
}

const FOLDERS = ["src", "listeners", "hooks", "examples", "tests", "tools"];

/**
 * Reads all TypeScript files that belong to the project.
 *
 * @param root the checkout, a URL that ends in `/`
 * @returns the files
 */
export async function readSources(root: URL): Promise<Source[]> {
  const paths = (await Promise.all(FOLDERS.map((folder) => listFiles(root, folder)))).flat();
  const texts = [...paths, "mod.ts"].map(async (path) => ({ path, text: await readIfExists(new URL(path, root)) }));
  return (await Promise.all(texts)).filter((source): source is Source => source.text !== undefined);
}

async function listFiles(root: URL, folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const entry of Deno.readDir(new URL(folder, root))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) paths.push(...await listFiles(root, path));
      else if (entry.name.endsWith(".ts")) paths.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return paths.sort();
}

async function readIfExists(file: URL): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
