/** Latencies in microseconds: exact below 64, then 64 steps for each power of two. */

const STEPS = 64;

/** Counts values without keeping them. */
export class Histogram {
  readonly #counts = new Float64Array(STEPS * 28);
  #count = 0;

  /** How many values there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds a value. */
  add(microseconds: number): void {
    const value = microseconds | 0;
    this.#count++;
    if (value < STEPS) this.#counts[Math.max(0, value)]++;
    else {
      const power = 31 - Math.clz32(value);
      this.#counts[(power - 5) * STEPS + (value >>> (power - 6) & 63)]++;
    }
  }

  /** The value below which a share of all values lies. */
  percentile(share: number): number {
    let seen = 0;
    for (let at = 0; at < this.#counts.length; at++) {
      seen += this.#counts[at];
      if (seen > share * this.#count) return valueAt(at);
    }
    return 0;
  }
}

function valueAt(at: number): number {
  if (at < STEPS) return at;
  const power = Math.floor(at / STEPS) + 5;
  return 2 ** power + at % STEPS * 2 ** (power - 6);
}
