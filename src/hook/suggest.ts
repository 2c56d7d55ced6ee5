/** Finds what somebody probably meant.
 * @module */

/**
 * Finds the known name that is nearest to one that is not known.
 *
 * @param name what was written
 * @param known what could have been written
 * @returns the nearest name, `undefined` when none is near
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({
    candidate,
    edits: distance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  const best = ranked.sort((left, right) => left.edits - right.edits).at(0);
  return best !== undefined && best.edits <= Math.ceil(name.length / 3) ? best.candidate : undefined;
}

/**
 * Says which names are known, the likely one first of all.
 *
 * @param name what was written
 * @param known what could have been written
 */
export function didYouMean(name: string, known: readonly string[]): string {
  const likely = nearest(name, known);
  return likely === undefined ? `known are ${known.join(", ")}` : `did you mean ${likely}?`;
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let at = 1; at <= left.length; at++) {
    const next = [at];
    for (let index = 1; index <= right.length; index++) {
      const changed = row[index - 1] + (left[at - 1] === right[index - 1] ? 0 : 1);
      next.push(Math.min(changed, row[index] + 1, next[index - 1] + 1));
    }
    row = next;
  }
  return row[right.length];
}
