/** Who a rule of a ledger is about.
 * @module */
import type { Client } from "../../src/session/client.ts";
import type { LedgerSubject } from "./ledger_rules.ts";

/** Tells whether a rule is about a client. */
export type SubjectCheck = (client: Client) => boolean;

type ValueCheck = (value: string) => boolean;

const MAPPED_PREFIX = "::ffff:";

/**
 * Compiles the criteria of a rule. Values of clients are compared as they are, never read as patterns.
 *
 * @param subject the criteria
 * @returns a function that tells whether all of them hold
 */
export function compileSubject(subject: LedgerSubject): SubjectCheck {
  const checks: SubjectCheck[] = [];
  const client = compileValue(subject.client);
  const username = compileValue(subject.username);
  const remote = compileValue(subject.remote);
  if (client !== undefined) checks.push(({ id }) => client(id));
  if (username !== undefined) checks.push(({ username: name }) => username(name ?? ""));
  if (remote !== undefined) checks.push(({ remoteAddress }) => addressForms(remoteAddress).some(remote));
  return (value) => checks.every((check) => check(value));
}

/** `undefined` where everything will do. As in the Go broker `abc*` asks for at least one character after `abc`. */
function compileValue(pattern: string | undefined): ValueCheck | undefined {
  if (pattern === undefined || pattern === "*") return undefined;
  if (!pattern.endsWith("*")) return (value) => value === pattern;
  const prefix = pattern.slice(0, -1);
  return (value) => value.length > prefix.length && value.startsWith(prefix);
}

/**
 * All ways to write an address: with the port and without, an IPv6 host with brackets and without, an IPv4 client of an
 * IPv6 socket (`::ffff:10.0.0.1`) also as what it is. So a rule cannot be passed by on another way in.
 */
function addressForms(address: string): string[] {
  const port = /:\d+$/.exec(address)?.[0];
  if (port === undefined) return [address];
  const bracketed = address.slice(0, -port.length);
  const host = bracketed.startsWith("[") ? bracketed.slice(1, -1) : bracketed;
  const forms = [address, bracketed, host];
  if (host.toLowerCase().startsWith(MAPPED_PREFIX)) {
    const plain = host.slice(MAPPED_PREFIX.length);
    forms.push(plain, plain + port);
  }
  return forms;
}
