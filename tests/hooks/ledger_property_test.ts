/** The ledger against a second one that is too slow and too simple to be wrong in the same way.
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ledger } from "../../hooks/auth/ledger.ts";
import type { LedgerAccess, LedgerAclRule, LedgerFilters } from "../../hooks/auth/ledger_rules.ts";
import type { Access } from "../../src/hook/hook.ts";
import { newClient } from "./clients.ts";

const NAMES = ["a", "b", ""];
const DEPTH = 3;

/**
 * Every topic of up to one level more than filters have, with a level that no filter names. The empty topic is none, but
 * filters are compared as if it were: `/#` asks for it.
 */
const TOPICS = listTopics([...NAMES, "new"], DEPTH + 1).flatMap((topic) => [topic, `$${topic}`]);

function listTopics(names: readonly string[], depth: number): string[] {
  if (depth === 1) return [...names];
  const shorter = listTopics(names, depth - 1);
  return [...names, ...names.flatMap((name) => shorter.map((rest) => `${name}/${rest}`))];
}

function levelsMatch(filter: readonly string[], topic: readonly string[]): boolean {
  if (filter[0] === "#") return true;
  if (filter.length === 0) return topic.length === 0;
  if (topic.length === 0) return false;
  if (filter[0] !== "+" && filter[0] !== topic[0]) return false;
  return levelsMatch(filter.slice(1), topic.slice(1));
}

const known = new Map<string, Set<string>>();

function topicsOf(filter: string, withDollar: boolean): Set<string> {
  const key = `${withDollar} ${filter}`;
  const found = known.get(key) ?? new Set(TOPICS.filter((topic) => receives(filter, topic, withDollar)));
  known.set(key, found);
  return found;
}

function receives(filter: string, topic: string, withDollar: boolean): boolean {
  const isHidden = /^[#+]/.test(filter) && topic.startsWith("$") && !withDollar;
  return !isHidden && levelsMatch(filter.split("/"), topic.split("/"));
}

function isSubset(inner: Set<string>, outer: Set<string>): boolean {
  return [...inner].every((topic) => outer.has(topic));
}

/** What one rule says about a filter, by comparing the sets of topics. */
function verdictOf(filters: LedgerFilters, requested: string, access: Access): boolean | undefined {
  const asked = topicsOf(requested, false);
  const entries = Object.entries(filters);
  const denials = entries.filter(([, given]) => given === "deny").map(([filter]) => topicsOf(filter, true));
  const isGranted = ([filter, given]: [string, LedgerAccess]) => {
    if (given !== access && given !== "read_write") return false;
    if (!isSubset(asked, topicsOf(filter, false))) return false;
    return !denials.some((denied) => isSubset(asked, denied) && !isSubset(topicsOf(filter, false), denied));
  };
  if (entries.some(isGranted)) return true;
  return entries.some(([filter]) => isSubset(asked, topicsOf(filter, true))) ? false : undefined;
}

function slowVerdict(acl: readonly LedgerAclRule[], requested: string, access: Access): boolean {
  for (const { filters } of acl) {
    const verdict = verdictOf(filters!, requested, access);
    if (verdict !== undefined) return verdict;
  }
  return access === "read" || !requested.startsWith("$");
}

const level = fc.constantFrom(...NAMES, "+");
const filter = fc.tuple(
  fc.constantFrom("", "", "", "$"),
  fc.array(level, { minLength: 1, maxLength: DEPTH }),
  fc.boolean(),
)
  .map(([dollar, levels, hash]) => {
    const named = dollar === "" || levels[0] === "+" ? levels : [`$${levels[0]}`, ...levels.slice(1)];
    return (hash && named.length < DEPTH ? [...named, "#"] : named).join("/");
  })
  .filter((filter) => filter !== "");
const anyFilter = fc.oneof({ weight: 1, arbitrary: fc.constant("#") }, { weight: 8, arbitrary: filter });
const filters = fc.dictionary(anyFilter, fc.constantFrom<LedgerAccess>("deny", "read", "write", "read_write"), {
  minKeys: 1,
  maxKeys: 4,
});
const acl = fc.array(fc.record({ filters }), { minLength: 1, maxLength: 3 });
const access = fc.constantFrom<Access>("read", "write");

function ask(acl: readonly LedgerAclRule[], topic: string, access: Access): boolean {
  return ledger({ auth: [{ allow: true }], acl }).onAclCheck!(newClient({}), topic, access) as boolean;
}

Deno.test("random rules, random filters: the ledger decides as sets of topics do", () => {
  fc.assert(
    fc.property(acl, anyFilter, access, (acl, requested, access) => {
      assertEquals(ask(acl, requested, access), slowVerdict(acl, requested, access));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("random rules, random topics: the ledger decides as sets of topics do", () => {
  fc.assert(
    fc.property(acl, fc.constantFrom(...TOPICS.filter((topic) => topic !== "")), access, (acl, topic, access) => {
      assertEquals(ask(acl, topic, access), slowVerdict(acl, topic, access));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a filter that is granted opens no topic that every rule keeps shut", () => {
  fc.assert(
    fc.property(filters, anyFilter, (filters, requested) => {
      const acl = [{ filters }, { filters: { "#": "deny" as const } }];
      if (!ask(acl, requested, "read")) return;
      const granting = Object.entries(filters).filter(([, given]) => given === "read" || given === "read_write");
      const open = new Set(granting.flatMap(([filter]) => [...topicsOf(filter, false)]));
      assertEquals([...topicsOf(requested, false)].filter((topic) => !open.has(topic)), []);
    }),
    { numRuns: 2_000 },
  );
});
