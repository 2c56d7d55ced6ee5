/** The rules of a ledger as people write them, and the check that they are what they seem.
 * @module */
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";
import { readPassword } from "./password.ts";

/** What a filter of a rule grants: `read` to subscribe and to be sent messages, `write` to publish. */
export type LedgerAccess = "deny" | "read" | "write" | "read_write";

/** Access by topic filter. Their order does not matter. */
export type LedgerFilters = Readonly<Record<string, LedgerAccess>>;

/** Who a rule is about. What is left out is not looked at; `*` is anything, `abc*` is what goes on after `abc`. */
export interface LedgerSubject {
  /** ClientID. */
  readonly client?: string;
  /** User Name. */
  readonly username?: string;
  /** Address of the peer: `host:port`, or the host alone. */
  readonly remote?: string;
}

/** Decides who may connect. */
export interface LedgerAuthRule extends LedgerSubject {
  /** The password: plain, or hashed by {@linkcode hashPassword}. */
  readonly password?: string;
  /** True to let in, false (the default) to keep out. */
  readonly allow?: boolean;
}

/** Decides about topics. */
export interface LedgerAclRule extends LedgerSubject {
  /** What is granted; a rule without filters grants everything but writing to topics that start with `$`. */
  readonly filters?: LedgerFilters;
}

/** A user known by name. */
export interface LedgerUser {
  /** The password: plain, or hashed by {@linkcode hashPassword}. Without one the auth rules decide. */
  readonly password?: string;
  /** True to keep this user out. */
  readonly disallow?: boolean;
  /** What this user may do with which topics; asked before the ACL rules. */
  readonly acl?: LedgerFilters;
}

/** Everything that a ledger knows. */
export interface LedgerRules {
  /** Users by name. */
  readonly users?: Readonly<Record<string, LedgerUser>>;
  /** Who may connect: the first rule that matches decides, without one it is a no. */
  readonly auth?: readonly LedgerAuthRule[];
  /** Who may use which topics: the first rule that has a filter for the topic decides, without one it is a yes. */
  readonly acl?: readonly LedgerAclRule[];
}

type Check<T> = (value: unknown, path: string) => T;

/** The access names, at the place of the numbers that the Go broker uses. */
const ACCESS: readonly LedgerAccess[] = ["deny", "read", "write", "read_write"];

/**
 * Checks rules that came from a file.
 *
 * @param value what was read
 * @param path where it stands, for the error
 * @returns the same rules, access by name
 * @throws {Error} with a line for each thing that is wrong: its place and the fix, for instance
 * `auth[0].allow: expected true or false, got "yes"`
 */
export function checkLedger(value: unknown, path = ""): LedgerRules {
  const rules = checkRecord<LedgerRules>(value, path, {
    users: (users, at) => checkMap(users, at, checkUser),
    auth: (auth, at) => checkList(auth, at, checkAuthRule),
    acl: (acl, at) => checkList(acl, at, checkAclRule),
  });
  if (rules.auth === undefined && rules.users === undefined) {
    throw problem(path, "expected auth or users, because without them nobody can connect");
  }
  return rules;
}

const text: Check<string> = (value, path) => {
  if (typeof value === "string" && value !== "") return value;
  const fix = value === "" ? `; leave it out or write "*" for any` : "; put it in quotes";
  throw problem(path, `expected text, got ${show(value)}${fix}`);
};

const flag: Check<boolean> = (value, path) => {
  if (typeof value === "boolean") return value;
  throw problem(path, `expected true or false, got ${show(value)}`);
};

const pattern: Check<string> = (value, path) => {
  const star = text(value, path).indexOf("*");
  if (star === -1 || star === (value as string).length - 1) return value as string;
  throw problem(path, `expected "*" only at the end, got ${show(value)}`);
};

const password: Check<string> = (value, path) => {
  if (value === "" || typeof value !== "string") {
    // the value is not shown: it may be the password
    const fix = value === "" ? `not empty; leave it out or write "*" for any` : "as text; put it in quotes";
    throw problem(path, `expected a password ${fix}`);
  }
  try {
    readPassword(value);
  } catch (error) {
    throw problem(path, (error as Error).message);
  }
  return value;
};

const subject = { client: pattern, username: pattern, remote: pattern };

function checkUser(value: unknown, path: string): LedgerUser {
  return checkRecord<LedgerUser>(value, path, { password, disallow: flag, acl: checkFilters });
}

function checkAuthRule(value: unknown, path: string): LedgerAuthRule {
  return checkRecord<LedgerAuthRule>(value, path, { ...subject, password, allow: flag });
}

function checkAclRule(value: unknown, path: string): LedgerAclRule {
  return checkRecord<LedgerAclRule>(value, path, { ...subject, filters: checkFilters });
}

function checkFilters(value: unknown, path: string): LedgerFilters {
  const entries = Object.entries(asObject(value, path));
  return Object.fromEntries(collect(entries, ([filter, access]) => {
    checkFilter(filter, path);
    return [filter, checkAccess(access, join(path, filter))];
  }));
}

function checkFilter(filter: string, path: string): void {
  try {
    const { shareName } = parseTopicFilter(filter);
    if (shareName === undefined) return;
  } catch (error) {
    throw problem(path, `expected topic filters, got ${show(filter)}: ${(error as Error).message}`);
  }
  throw problem(
    path,
    `expected a filter without $share/name/, got ${show(filter)}; shared subscriptions need its inner filter`,
  );
}

function checkAccess(value: unknown, path: string): LedgerAccess {
  const access = typeof value === "number" ? ACCESS[value] : ACCESS.find((name) => name === value);
  if (access !== undefined) return access;
  throw problem(path, `expected deny, read, write or read_write, got ${show(value)}`);
}

function checkList<T>(value: unknown, path: string, check: Check<T>): T[] {
  if (!Array.isArray(value) || value.length === 0) throw problem(path, `expected a list of rules, got ${show(value)}`);
  return collect([...value.entries()], ([index, item]) => check(item, `${path}[${index}]`));
}

function checkMap<T>(value: unknown, path: string, check: Check<T>): Record<string, T> {
  const entries = Object.entries(asObject(value, path));
  return Object.fromEntries(collect(entries, ([key, item]) => [key, check(item, join(path, key))]));
}

function checkRecord<T extends object>(value: unknown, path: string, checks: { [K in keyof T]-?: Check<T[K]> }): T {
  const known = new Map(Object.entries(checks) as [string, Check<unknown>][]);
  const names = [...known.keys()].join(", ");
  const given = Object.entries(asObject(value, path)).filter(([, item]) => item !== undefined);
  const entries = collect(given, ([key, item]) => {
    const check = known.get(key);
    if (check === undefined) throw problem(join(path, key), `unknown key, expected ${names}`);
    return [key, check(item, join(path, key))];
  });
  return Object.fromEntries(entries) as T;
}

/** Checks all items, also behind one that is wrong. @throws {Error} with a line for each that is */
function collect<T, R>(items: readonly T[], check: (item: T) => R): R[] {
  const results: R[] = [], problems: string[] = [];
  for (const item of items) {
    try {
      results.push(check(item));
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return results;
}

function asObject(value: unknown, path: string): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const kind = Array.isArray(value) ? "a list" : value == null ? "nothing" : `a ${typeof value}`; // it may be a password
    throw problem(path, `expected keys with values, got ${kind}`);
  }
  if (Object.keys(value).length === 0) throw problem(path, "expected keys with values, got none");
  return value;
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function problem(path: string, message: string): Error {
  return new Error(`${path === "" ? "ledger" : path}: ${message}`);
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 100);
}
