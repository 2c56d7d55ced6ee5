/** Log lines stay short, however long the texts are that clients send.
 * @module */
/** Characters of one text in a line. */
const LONGEST = 1_024;
/** Characters of a stack, what was thrown left out, and of a list as JSON. */
const LONGEST_LIST = 4_096;
/** A stack as the runtime writes it: what was thrown, and from the second line on where. */
const STACK = /\n[ \t]+at /;

/**
 * Cuts a text that is longer than a log line should be.
 *
 * @param text the text
 * @param longest characters that are kept
 * @returns the text, or its beginning and how long it was
 */
export function shortText(text: string, longest: number = LONGEST): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest).toWellFormed()}... (${text.length} characters)`;
}

/**
 * Finds where the stack of an error begins.
 *
 * @param value what may be the `stack` of an error
 * @returns the index of the line break in front of it; -1 where there is none
 */
export function stackAt(value: string): number {
  return value.search(STACK);
}

/**
 * Cuts what is too long in the fields of a line.
 *
 * @param fields the fields
 * @returns the same object where nothing is too long
 */
export function shortFields(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let short: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value = fields[name], kept = shortValue(value);
    if (kept !== value) (short ??= { ...fields })[name] = kept;
  }
  return short ?? fields;
}

function shortValue(value: unknown): unknown {
  if (typeof value === "string") return shortStack(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return value.message.length <= LONGEST ? value : shortText(value.message);
  return shortObject(value);
}

function shortStack(text: string): string {
  const at = stackAt(text);
  return at === -1 ? shortText(text) : shortText(text.slice(0, at)) + shortText(text.slice(at), LONGEST_LIST);
}

/** Lists of filters, user properties: as they are, or the beginning of their JSON. */
function shortObject(value: object): unknown {
  try {
    const text = JSON.stringify(value);
    return text === undefined || text.length <= LONGEST_LIST ? value : shortText(text, LONGEST_LIST);
  } catch {
    return value; // it contains itself
  }
}
