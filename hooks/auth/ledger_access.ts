/** What the filters of one rule say about a topic.
 * @module */
import type { Access } from "../../src/hook/hook.ts";
import { filterCovers } from "../../src/topics/topic_filter.ts";
import type { LedgerAccess, LedgerFilters } from "./ledger_rules.ts";

/** A yes, a no, or `undefined` where a rule has nothing to say about a topic. */
export type Verdict = boolean | undefined;

/** Tells what a rule says about a topic or a requested filter. */
export type AccessCheck = (topic: string, access: Access) => Verdict;

/** A filter that grants, with the denials of the same rule that it gives way to. */
interface Grant {
  readonly filter: string;
  readonly denials: readonly string[];
}

/**
 * Compiles the filters of one rule. Grants add up; a denial takes back what a grant of the same rule gives, except from
 * grants that are narrower than the denial itself. A topic that some filter names without granting is denied.
 *
 * A requested filter is granted when one granting filter covers all of it. Filters that start with a wildcard grant no
 * topics that start with `$` (4.7.2), but they deny them.
 *
 * @param filters access by filter; `undefined` for a rule that grants everything but writing to `$` topics
 * @returns the check
 */
export function compileFilters(filters: LedgerFilters | undefined): AccessCheck {
  if (filters === undefined) return (topic, access) => access === "read" || !topic.startsWith("$") || undefined;
  const entries = Object.entries(filters);
  const named = entries.map(([filter]) => filter);
  const grants = { read: compileGrants(entries, "read"), write: compileGrants(entries, "write") };
  return (topic, access) => {
    if (grants[access].some((grant) => isGranted(grant, topic))) return true;
    return named.some((filter) => concerns(filter, topic)) ? false : undefined;
  };
}

function compileGrants(entries: readonly [string, LedgerAccess][], access: Access): Grant[] {
  const denials = entries.filter(([, granted]) => granted === "deny").map(([filter]) => filter);
  const granting = entries.filter(([, granted]) => granted === access || granted === "read_write");
  return granting.map(([filter]) => ({ filter, denials: denials.filter((denial) => !concerns(denial, filter)) }));
}

function isGranted(grant: Grant, topic: string): boolean {
  return filterCovers(grant.filter, topic) && !grant.denials.some((denial) => concerns(denial, topic));
}

/** Whether a filter covers all of what is asked for, `$` topics included. */
function concerns(filter: string, topic: string): boolean {
  const opensWide = filter.startsWith("#") || filter.startsWith("+");
  // behind a wildcard the first level does not matter, so any name without `$` gives the same answer
  return filterCovers(filter, opensWide && topic.startsWith("$") ? `_${topic}` : topic);
}
