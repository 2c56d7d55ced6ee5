/**
 * Finds places in a source file where one rule can be turned into its opposite.
 *
 * Works on text and knows just enough of TypeScript not to be fooled by comments and strings. A mutant need not be well
 * typed: it is run without a type check.
 *
 * @module
 */

/** What a mutant does to the rule. */
export type Kind = "drop throw" | "drop rule" | "swap code" | "invert condition" | "move limit";

/** One change of one file. */
export interface Mutant {
  /** The file, from the root of the checkout. */
  readonly file: string;
  /** Line, the first is 1. */
  readonly line: number;
  /** What it does. */
  readonly kind: Kind;
  /** Where in the text. */
  readonly start: number;
  /** Behind it. */
  readonly end: number;
  /** What stands there instead. */
  readonly replacement: string;
}

type Change = Pick<Mutant, "kind" | "start" | "end" | "replacement">;

/**
 * Finds all mutants of a file.
 *
 * @param file path of the file
 * @param text what is in it, formatted by `deno fmt`
 * @returns the mutants, in the order of the text
 */
export function findMutants(file: string, text: string): Mutant[] {
  const code = withoutWords(text);
  const finders = [droppedThrows, droppedRules, swappedCodes, invertedConditions, movedLimits];
  const changes = finders.flatMap((find) => find(code, text)).sort((a, b) => a.start - b.start || a.end - b.end);
  const seen = new Set<string>();
  return changes.filter((change) => !seen.has(applied(text, change)) && seen.add(applied(text, change)))
    .map((change) => ({ file, line: text.slice(0, change.start).split("\n").length, ...change }));
}

/**
 * Makes the text of a mutant.
 *
 * @param text of the file
 * @param change what to change
 * @returns the text with the change
 */
export function applied(text: string, change: Omit<Change, "kind">): string {
  return text.slice(0, change.start) + change.replacement + text.slice(change.end);
}

/** `throw new MqttError(...)` and `throw tooLong(...)` happen no more; errors that are passed on are left alone. */
function droppedThrows(code: string): Change[] {
  return [...code.matchAll(/\bthrow (?:new \w+|\w+)\(/g)].map(({ index: start }) => ({
    ...{ kind: "drop throw", start, end: endOfStatement(code, start), replacement: ";" } as const,
  }));
}

/** A statement with a tag of the standard is left out, a check with a tag never holds. */
function droppedRules(code: string, text: string): Change[] {
  const changes: Change[] = [];
  for (const { index: start, 0: line } of text.matchAll(/^.*\/\/.*\[(?:MQTT-|v311 ).*$/gm)) {
    const statement = code.slice(start, start + line.length).trimEnd();
    const first = start + statement.length - statement.trimStart().length;
    if (code.startsWith("if (", first)) changes.push(neverTrue(code, first));
    else if (
      statement.endsWith(";") && isWhole(code, start) && !/^(?:return|const|let|throw|})/.test(code.slice(first))
    ) {
      changes.push({ kind: "drop rule", start: first, end: start + statement.length, replacement: "" });
    }
  }
  return changes;
}

function neverTrue(code: string, start: number): Change {
  const open = code.indexOf("(", start);
  return { kind: "drop rule", start: open, end: closing(code, open) + 1, replacement: "(false)" };
}

/** True when a line begins a statement. */
function isWhole(code: string, start: number): boolean {
  return /[;{}]\s*$/.test(code.slice(0, start)) || /^\s*$/.test(code.slice(0, start));
}

/** A reason code becomes another one, whether it stands there by name or as a number. */
function swappedCodes(code: string): Change[] {
  return [...code.matchAll(/\bReasonCode\.(\w+)|\b0x(?:[89a][0-9a-f]|1[0-9])\b/gi)].map((match) => {
    const [found, name] = match, start = match.index;
    const isOther = name === "ImplementationSpecificError" || found.toLowerCase() === "0x83";
    const other = name === undefined
      ? isOther ? "0x80" : "0x83"
      : `ReasonCode.${isOther ? "UnspecifiedError" : "ImplementationSpecificError"}`;
    return { kind: "swap code", start, end: start + found.length, replacement: other };
  });
}

function invertedConditions(code: string, text: string): Change[] {
  return [...code.matchAll(/\bif \(/g)].map(({ index, 0: found }) => {
    const start = index + found.length, end = closing(code, start - 1);
    return { kind: "invert condition", start, end, replacement: `!(${text.slice(start, end)})` };
  });
}

const OTHER_LIMIT: Readonly<Record<string, string>> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };

/** `<` becomes `<=`, and a limit that has a name is one less. */
function movedLimits(code: string): Change[] {
  const comparisons = [...code.matchAll(/(?<= )(?:<=?|>=?)(?= )/g)].map(({ index: start, 0: found }) => ({
    ...{ kind: "move limit", start, end: start + found.length, replacement: OTHER_LIMIT[found] } as const,
  }));
  const constants = [...code.matchAll(/(?<=\bconst [A-Z_\d]+(?:: number)? = )\d[\d_]*(?=;)/g)]
    .map(({ index: start, 0: found }) => ({
      ...{ kind: "move limit", start, end: start + found.length } as const,
      replacement: String(Number(found.replaceAll("_", "")) - 1),
    }));
  return [...comparisons, ...constants];
}

function endOfStatement(code: string, start: number): number {
  let at = start;
  for (; at < code.length && code[at] !== ";"; at++) if (code[at] === "(" || code[at] === "{") at = closing(code, at);
  return at + 1;
}

/** Where the bracket is closed that is opened here. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if ("([{".includes(code[at])) depth++;
    if (")]}".includes(code[at]) && --depth === 0) return at;
  }
  return code.length - 1;
}

/** Comments, regular expressions and texts: nothing in them is code. */
const WORDS =
  /\/\/.*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}|[^`\\])*`|(?<=[(,=:[!&|?]\s*)\/(?:\\.|\[[^\]\n]*\]|[^/\\\n[])+\//g;

/** The text with as many blanks in place of comments, texts and regular expressions. */
function withoutWords(text: string): string {
  return text.replace(WORDS, (words) => words.replace(/[^\n]/g, (_, at) => isEdge(words, at) ? words[at] : " "));
}

/** Quotes stay, so that what they enclose is still a value. */
function isEdge(words: string, at: number): boolean {
  return !words.startsWith("/") && (at === 0 || at === words.length - 1);
}
