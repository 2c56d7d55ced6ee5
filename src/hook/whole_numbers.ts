/** Whole numbers among the options of listeners and hooks.
 * @module */

/** Lowest and highest value of options by name; `Infinity` where there is no highest. */
export type Ranges<Options> = { readonly [Name in keyof Options]?: readonly [lowest: number, highest: number] };

/**
 * Checks those options that were given.
 *
 * @param options the options
 * @param ranges what each of them has to be
 * @throws RangeError that names the option, its value and what is expected
 */
export function checkWholeNumbers<Options extends object>(options: Options, ranges: Ranges<Options>): void {
  for (const [name, [lowest, highest]] of Object.entries(ranges as Record<string, readonly [number, number]>)) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined || Number.isInteger(value) && value as number >= lowest && value as number <= highest) {
      continue;
    }
    const range = highest === Infinity ? `${lowest} or more` : `from ${lowest} to ${highest}`;
    throw new RangeError(
      `Cannot use ${name}: current value is ${
        typeof value === "string" ? `"${value}"` : value
      }, expected a whole number ${range}`,
    );
  }
}
