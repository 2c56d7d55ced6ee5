/** What the rules of a ledger say about who may connect.
 * @module */
import type { Client } from "../../src/session/client.ts";
import type { LedgerAuthRule, LedgerRules, LedgerUser } from "./ledger_rules.ts";
import { compileSubject, type SubjectCheck } from "./ledger_subject.ts";
import { decoyOf, type PasswordHash, type PlainPassword, readPassword } from "./password.ts";
import { PasswordHashes } from "./password_hashes.ts";
import { loadCrypto } from "./sync_crypto.ts";

interface AuthRule {
  readonly matches: SubjectCheck;
  readonly password: PlainPassword | PasswordHash | undefined;
  readonly allow: boolean;
}

/** One client that wants in. */
interface Attempt {
  readonly client: Client;
  readonly password: Uint8Array | undefined;
  /** True once a hash was computed for it that takes as long as the decoy. */
  hasWaited: boolean;
}

/** Rules that decide who may connect. */
export class LedgerAuth {
  /** Users whose entry decides alone. */
  readonly #users: ReadonlyMap<string, AuthRule>;
  readonly #rules: readonly AuthRule[];
  readonly #hashes: PasswordHashes = new PasswordHashes();
  /** Computed for who would be refused without a computation, where others wait for one. */
  readonly #decoy: PasswordHash | undefined;

  /** @param rules the rules, checked */
  constructor({ users = {}, auth = [] }: LedgerRules) {
    this.#users = new Map(Object.entries(users).filter(decidesAlone).map(([name, user]) => [name, userRule(user)]));
    this.#rules = auth.map(compileRule);
    const passwords = [...this.#users.values(), ...this.#rules].map(({ password }) => password);
    this.#decoy = decoyOf(passwords.filter(isHash));
    if (this.#decoy !== undefined) void loadCrypto();
  }

  /**
   * Decides by the rules in order; waits only where a hash has to be computed.
   *
   * @param client who wants to connect
   * @param given the password, if there is one; not looked at any more once this returns
   * @returns whether it may
   * @throws {MqttError} (as rejection) 0x97 while too many passwords are being checked
   */
  decide(client: Client, given: Uint8Array | undefined): boolean | Promise<boolean> {
    // a copy where hashes are computed later: it may be a view on a read buffer that is used again
    const password = this.#decoy === undefined ? given : given?.slice();
    const user = client.username === undefined ? undefined : this.#users.get(client.username);
    // a wrong password must not fall through to a rule for everyone: the name decides about topics later
    const rules = user === undefined ? this.#rules.filter((rule) => rule.matches(client)) : [user];
    return this.#firstMatch({ client, password, hasWaited: false }, rules);
  }

  #firstMatch(attempt: Attempt, rules: readonly AuthRule[]): boolean | Promise<boolean> {
    for (const [index, rule] of rules.entries()) {
      const right = this.#isRight(attempt, rule);
      if (right === true) return rule.allow || this.#refuse(attempt);
      if (right === false) continue;
      return right.then((right) => {
        if (right) return rule.allow || this.#refuse(attempt);
        return this.#firstMatch(attempt, rules.slice(index + 1));
      });
    }
    return this.#refuse(attempt);
  }

  #isRight(attempt: Attempt, { password }: AuthRule): boolean | Promise<boolean> {
    const { client, password: given } = attempt;
    if (password === undefined) return true;
    if (given === undefined) return false;
    if (!isHash(password)) return password(given);
    attempt.hasWaited ||= password.isSlow === this.#decoy?.isSlow;
    return this.#hashes.check(password, given, client);
  }

  /** A no takes as long for a name that nobody has as for a wrong password. */
  #refuse({ client, password, hasWaited }: Attempt): boolean | Promise<boolean> {
    if (hasWaited || password === undefined || this.#decoy === undefined) return false;
    return this.#hashes.check(this.#decoy, password, client).then(() => false);
  }
}

function decidesAlone([, user]: [string, LedgerUser]): boolean {
  return user.password !== undefined || user.disallow === true;
}

function userRule(user: LedgerUser): AuthRule {
  return compileRule({ password: user.password, allow: user.disallow !== true });
}

function compileRule(rule: LedgerAuthRule): AuthRule {
  const password = rule.password === undefined ? undefined : readPassword(rule.password);
  return { matches: compileSubject(rule), password, allow: rule.allow === true };
}

function isHash(password: AuthRule["password"]): password is PasswordHash {
  return typeof password === "object";
}
