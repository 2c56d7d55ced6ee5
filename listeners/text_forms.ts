/** What texts in options have to look like, for those who give them in code and for the program's configuration.
 * @module */

/** A form, and how it is told. */
export interface TextForm {
  /** What a text has to match. */
  readonly form: RegExp;
  /** The same in words. */
  readonly expected: string;
}

/** Path of an endpoint or a page. */
export const PATH: TextForm = { form: /^\//, expected: "a path that begins with /" };
/** Origin of a web page, `null` for those that have none, `*` for all. */
export const ORIGIN: TextForm = {
  form: /^(\*|null|[a-z][a-z\d+.-]*:\/\/[^/\s]+\/?)$/i,
  expected: "an origin such as https://app.example, or *",
};
/** How MQTT packets are put into WebSocket frames. */
export const FRAMES: TextForm = { form: /^(packets|coalesced)$/, expected: "packets or coalesced" };

/**
 * Makes sure that an option has its form.
 *
 * @param option its name and its values
 * @param form what each of them has to look like
 * @throws Error that names the option, the first value that is wrong, and the form
 */
export function checkForm({ name, values }: { name: string; values: readonly unknown[] }, form: TextForm): void {
  const wrong = values.findIndex((value) => typeof value !== "string" || !form.form.test(value));
  if (wrong < 0) return;
  throw new Error(`Cannot use ${name}: current value is ${JSON.stringify(values[wrong])}, expected ${form.expected}`);
}
