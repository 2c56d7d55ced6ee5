/** The slow and obvious way to match, written apart from the code under test, and small worlds to try it on. */

/** Matches level by level on split arrays. */
export function slowMatch(topic: string, filter: string): boolean {
  const topicLevels = topic.split("/");
  const filterLevels = filter.split("/");
  if (topicLevels[0].startsWith("$") && ["+", "#"].includes(filterLevels[0])) return false;
  for (let at = 0; at < filterLevels.length; at++) {
    if (filterLevels[at] === "#") return true;
    if (at >= topicLevels.length) return false;
    if (filterLevels[at] !== "+" && filterLevels[at] !== topicLevels[at]) return false;
  }
  return filterLevels.length === topicLevels.length;
}

/** `a` against `a/#`: the parent level counts too. */
export function matchesWithParent(topic: string, filter: string): boolean {
  if (slowMatch(topic, filter)) return true;
  return filter.endsWith("/#") && slowMatch(topic, filter.slice(0, -2));
}

/** Every sequence of up to `depth` words, joined by slashes, without the empty text. */
export function sequences(words: readonly string[], depth: number): string[] {
  const all: string[] = [];
  let last: string[] = [...words];
  for (let level = 0; level < depth; level++) {
    all.push(...last);
    last = last.flatMap((text) => words.map((word) => `${text}/${word}`));
  }
  return all.filter((text) => text !== "");
}

/** Every filter of up to `depth` levels over the words, `+` and a last `#`. */
export function filters(words: readonly string[], depth: number): string[] {
  const plain = sequences([...words, "+"], depth);
  const stems = sequences([...words, "+"], depth - 1);
  return [...plain, "#", ...["", ...stems].map((stem) => `${stem}/#`)];
}
