/** Ledgers as text: JSON, or any other form that somebody can parse.
 * @module */
import { checkLedger, type LedgerRules } from "./ledger_rules.ts";

/**
 * Reads the rules of a ledger from text.
 *
 * @param text the rules, as JSON unless `parse` reads something else
 * @param parse reads the text; pass `parse` of `@std/yaml` for YAML
 * @returns the rules, for {@linkcode ledger}
 * @throws {Error} when the text cannot be parsed or the rules are not right; it names the place and the fix
 *
 * @example
 * ```ts
 * import { ledger, parseLedger } from "@mochi/broker";
 *
 * const rules = parseLedger(`{ "auth": [{ "username": "peach", "password": "password1", "allow": true }] }`);
 * console.assert(ledger(rules).id === "ledger");
 * ```
 */
export function parseLedger(text: string, parse: (text: string) => unknown = JSON.parse): LedgerRules {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new Error(`ledger: cannot be parsed: ${(error as Error).message}`, { cause: error });
  }
  return checkLedger(value);
}

/**
 * Writes the rules of a ledger as text that {@linkcode parseLedger} reads.
 *
 * @param rules the rules
 * @param stringify writes the text; pass `stringify` of `@std/yaml` for YAML
 * @returns the text
 * @throws {Error} when the rules are not right; it names the place and the fix
 *
 * @example
 * ```ts
 * import { formatLedger, parseLedger } from "@mochi/broker";
 *
 * const text = formatLedger({ auth: [{ remote: "127.0.0.1:*", allow: true }] });
 * console.assert(parseLedger(text).auth?.[0].allow === true);
 * ```
 */
export function formatLedger(rules: LedgerRules, stringify: (rules: unknown) => string = prettyJson): string {
  return stringify(checkLedger(rules));
}

function prettyJson(rules: unknown): string {
  return JSON.stringify(rules, undefined, 2) + "\n";
}
