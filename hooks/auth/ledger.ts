/** Rules that decide who may connect and who may use which topics.
 * @module */
import type { Hook } from "../../src/hook/hook.ts";
import type { Client } from "../../src/session/client.ts";
import { type AccessCheck, compileFilters } from "./ledger_access.ts";
import { LedgerAuth } from "./ledger_auth.ts";
import { checkLedger, type LedgerRules, type LedgerUser } from "./ledger_rules.ts";
import { compileSubject, type SubjectCheck } from "./ledger_subject.ts";
import { type RuleGroup, Verdicts } from "./ledger_verdicts.ts";

/** A hook whose rules can be changed while the broker runs. */
export interface LedgerHook extends Hook {
  /**
   * Replaces all rules. Clients that are connected stay; what they may read and write is decided by the new rules.
   *
   * @param rules the new rules
   * @throws {Error} that names the place and the fix; then the old rules stay
   */
  update(rules: LedgerRules): void;
}

interface AclRule {
  readonly matches: SubjectCheck;
  readonly decide: AccessCheck;
}

interface CompiledLedger {
  readonly auth: LedgerAuth;
  readonly userAccess: ReadonlyMap<string, AccessCheck>;
  readonly acl: readonly AclRule[];
  readonly verdicts: Verdicts;
  /** The group of each client, as long as it is who it was. */
  readonly clients: WeakMap<Client, Membership>;
}

interface Membership {
  readonly id: string;
  readonly username: string | undefined;
  readonly group: RuleGroup;
}

/**
 * Makes a hook that decides by rules, as the ledger of the Go broker does.
 *
 * - **Connect**: a user of `users` with a password is decided by that password alone. For everyone else the first rule of
 *   `auth` that matches decides. Without one the client is refused.
 * - **Topics**: the `acl` of the user comes first, then the first rule of `acl` that is about the client and names the
 *   topic. Without one everything is granted but writing to topics that start with `$`. Within a rule grants add up, and
 *   `deny` takes back what is not granted by a narrower filter. End the list with `{ filters: { "#": "deny" } }` to grant
 *   nothing else.
 * - A subscription is granted when one filter covers all of it; each message is checked again when it is delivered.
 * - Patterns: `*` is anything and `abc*` is what goes on after `abc`, in `client`, `username` and `remote`.
 *
 * @param rules the rules, from code or from {@linkcode parseLedger}
 * @returns the hook, for `broker.addHook`
 * @throws {Error} that names the place and the fix
 *
 * @example
 * ```ts
 * import { Broker, ledger } from "@mochi/broker";
 *
 * await using broker = new Broker();
 * await broker.addHook(ledger({
 *   auth: [
 *     { username: "peach", password: "password1", allow: true },
 *     { remote: "127.0.0.1:*", allow: true },
 *   ],
 *   acl: [
 *     { remote: "127.0.0.1:*" }, // local clients may do everything
 *     { username: "peach", filters: { "peach/#": "read_write", "updates/#": "write" } },
 *     { filters: { "#": "read", "updates/#": "deny" } },
 *   ],
 * }));
 * ```
 */
export function ledger(rules: LedgerRules): LedgerHook {
  let compiled = compile(rules);
  return {
    id: "ledger",
    onConnectAuthenticate: (client, packet) => compiled.auth.decide(client, packet.password),
    onAclCheck: (client, topic, access) => compiled.verdicts.decide(groupOf(compiled, client), topic, access),
    update: (changed) => {
      compiled = compile(changed);
    },
  };
}

function compile(unchecked: LedgerRules): CompiledLedger {
  const rules = checkLedger(unchecked), { users = {}, acl = [] } = rules;
  return {
    auth: new LedgerAuth(rules),
    userAccess: new Map(Object.entries(users).filter(hasAcl).map(([name, user]) => [name, compileFilters(user.acl)])),
    acl: acl.map((rule) => ({ matches: compileSubject(rule), decide: compileFilters(rule.filters) })),
    verdicts: new Verdicts(),
    clients: new WeakMap(),
  };
}

function hasAcl([, user]: [string, LedgerUser]): boolean {
  return user.acl !== undefined;
}

/** The rules that are about a client; its ClientID and User Name may change while it connects. */
function groupOf(compiled: CompiledLedger, client: Client): RuleGroup {
  const known = compiled.clients.get(client);
  if (known !== undefined && known.id === client.id && known.username === client.username) return known.group;
  const group = findGroup(compiled, client);
  compiled.clients.set(client, { id: client.id, username: client.username, group });
  return group;
}

function findGroup({ acl, userAccess, verdicts }: CompiledLedger, client: Client): RuleGroup {
  const indexes = [...acl.keys()].filter((index) => acl[index].matches(client));
  const checks = indexes.map((index) => acl[index].decide);
  const own = client.username === undefined ? undefined : userAccess.get(client.username);
  if (own === undefined) return verdicts.group(indexes.join(), checks);
  return verdicts.group(`${indexes.join()} ${client.username}`, [own, ...checks]);
}
