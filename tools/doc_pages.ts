/**
 * The pages of the project, taken apart: code blocks, headings, links and tables.
 *
 * @module
 */

/** The folder of pages, and the pages that stand elsewhere. */
const FOLDER = "docs", OTHERS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "examples/README.md"];

/** One page. */
export interface Page {
  /** Its path from the root of the checkout, with `/`. */
  readonly path: string;
  /** Its text. */
  readonly text: string;
}

/** A block of code between two fences. */
export interface CodeBlock {
  /** What stands behind the opening fence, for instance `ts run`. */
  readonly info: string;
  /** What stands between the fences. */
  readonly code: string;
  /** Number of the line with the opening fence, from 1. */
  readonly line: number;
}

/** A table with the note that stands before it. */
export interface Table {
  /** What a comment `<!-- ... -->` right before the table says; empty without one. */
  readonly note: string;
  /** Cells of the first row. */
  readonly head: readonly string[];
  /** Cells of the other rows. */
  readonly rows: readonly (readonly string[])[];
}

/**
 * Reads all pages.
 *
 * @param root the checkout, a URL that ends in `/`
 * @returns the pages, by path
 */
export async function readPages(root: URL): Promise<Page[]> {
  const paths = [...OTHERS];
  for await (const { name } of Deno.readDir(new URL(`${FOLDER}/`, root))) {
    if (name.endsWith(".md")) paths.push(`${FOLDER}/${name}`);
  }
  return await Promise.all(paths.sort().map((path) => readPage(root, path)));
}

/**
 * Reads one page.
 *
 * @param root the checkout, a URL that ends in `/`
 * @param path its path from there
 */
export async function readPage(root: URL, path: string): Promise<Page> {
  return { path, text: await Deno.readTextFile(new URL(path, root)) };
}

/**
 * Finds the code blocks of a page.
 *
 * @param text the page
 * @returns the blocks in order
 */
export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    info: match[1].trim(),
    code: match[2],
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/**
 * Tells whether a block says that it can be run as it stands: `ts run`.
 *
 * @param block the block
 */
export function isRunnable({ info }: CodeBlock): boolean {
  return info.split(/\s+/).join(" ") === "ts run";
}

/**
 * Finds the headings of a page.
 *
 * @param text the page
 * @returns their texts, without formatting
 */
export function headings(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading.replaceAll("`", "").trim());
}

/**
 * The part of a page's address that leads to a heading.
 *
 * @param heading its text
 */
export function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
}

/**
 * Finds where the links of a page lead.
 *
 * @param text the page
 * @returns the targets as they are written
 */
export function links(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
}

/**
 * Finds the part of a page that stands under a heading, up to the next heading of its level or of one above.
 *
 * @param text the page
 * @param heading the heading, without formatting
 * @returns the part, `undefined` when there is no such heading
 */
export function sectionOf(text: string, heading: string): string | undefined {
  const lines = text.split("\n"), levels = headingLevels(text);
  const start = lines.findIndex((line, index) => levels[index] < Infinity && headings(line)[0] === heading);
  if (start < 0) return undefined;
  const length = levels.slice(start + 1).findIndex((level) => level <= levels[start]);
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** For each line 1 to 6 where it is a heading, otherwise Infinity. */
function headingLevels(text: string): number[] {
  const outside = text.replace(/^```[\s\S]*?^```$/gm, (code) => code.replace(/[^\n]/g, ""));
  return outside.split("\n").map((line) => /^(#+) /.exec(line)?.[1].length ?? Infinity);
}

/**
 * Finds the tables of a page.
 *
 * @param text the page
 * @returns the tables in order
 */
export function tables(text: string): Table[] {
  const found = text.matchAll(/(?:<!-- ([^\n]*?) -->\n+)?((?:^\|.*\|$\n?){2,})/gm);
  return [...found].map(([, note = "", lines]) => {
    const [head, , ...rows] = lines.trim().split("\n").map(cellsOf);
    return { note, head, rows };
  });
}

function cellsOf(line: string): string[] {
  return line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim());
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, "");
}
