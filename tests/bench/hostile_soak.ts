/** All attacks at once, for a long time: a good client is served, and what they took is given back. */

import { hashPassword } from "../../hooks/auth/password.ts";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { assertServed, type GoodClient, type Served, startGoodClient } from "../helpers/good_client.ts";
import { type AttackName, ATTACKS, type Forces } from "../security/attacks/all_attacks.ts";
import type { AttackReport } from "../security/attacks/attack_program.ts";
import { type Attacks, startAttacks } from "../security/attacks/start_attacks.ts";
import { usageOf } from "./load/usage.ts";
import { business, machine } from "./machine.ts";

/** Milliseconds between two lines, and those in which what attackers have left expires. */
const LINE_MS = 60_000, AFTERMATH_MS = 12_000;
/** MiB that the broker may have more than at the start, and descriptors that it may have more when all have gone. */
const MOST_MIB = 512, MOST_DESCRIPTORS = 5;
/** Milliseconds of the end of the program. */
const CLOSE_TIMEOUT = 5_000;

const ADDRESS = "127.0.0.1:0";
const TLS = { cert_file: "tests/helpers/certs/server.pem", key_file: "tests/helpers/certs/server.key" };
/** Whom the good client waits for by flow control is an attack for itself: its time would count for all others. */
const ALONE: readonly string[] = ["fullSubscriber", "broadcasts"];
const FORCES = Object.fromEntries(
  Object.keys(ATTACKS).filter((name) => !ALONE.includes(name)).map((name) => [name, 1]),
) as Forces;

/** What the broker has. */
interface Holding {
  readonly mib: number;
  readonly descriptors: number;
}

async function startTarget(): Promise<BrokerProgram> {
  const users = { peach: { password: await hashPassword("right") } };
  const acl = [{ client: "denied*", filters: { "secret/#": "deny" } }];
  return await startProgram({
    config: {
      listeners: [
        { type: "tcp", id: "tcp", address: ADDRESS },
        { type: "ws", id: "ws", address: ADDRESS },
        { type: "tls", id: "tls", address: ADDRESS, tls: TLS },
        { type: "sysinfo", id: "http", address: ADDRESS },
      ],
      hooks: { auth: { ledger: { users, auth: [{ allow: true }], acl } } },
    },
  });
}

async function holdingOf(broker: BrokerProgram): Promise<Holding> {
  return { mib: usageOf(broker.pid)!.rssMib, descriptors: await broker.descriptors() };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function line(cells: readonly (string | number)[]): string {
  return cells.map((cell, at) => at === 0 ? `${cell}`.padEnd(12) : `${cell}`.padStart(13)).join("");
}

function tell(when: string, { roundTrips, p99, worst, slowestConnect }: Served, { mib, descriptors }: Holding): void {
  console.log(line([when, roundTrips, p99, worst, slowestConnect, mib.toFixed(0), descriptors]));
}

/** Lets them attack for so long, a line a minute. @returns what was wrong */
async function endure(
  broker: BrokerProgram,
  { good, milliseconds }: { good: GoodClient; milliseconds: number },
): Promise<string[]> {
  const wrong: string[] = [];
  await good.report();
  for (let left = milliseconds, number = 1; left > 0; left -= LINE_MS, number++) {
    await pause(Math.min(left, LINE_MS));
    const seen = await good.report();
    tell(`minute ${number}`, seen, await holdingOf(broker));
    wrong.push(...problemsOf(seen).map((problem) => `minute ${number}: ${problem}`));
  }
  return wrong;
}

function problemsOf(seen: Served): string[] {
  try {
    assertServed(seen);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function idle(report: AttackReport): string[] {
  const names = (Object.keys(FORCES) as AttackName[]).filter((name) => !report[name]?.steps);
  return names.map((name) => `${name} has done nothing: ${report[name]?.failure}`);
}

/** Looks at what is left when the attackers have gone. */
async function aftermath(
  broker: BrokerProgram,
  { good, start }: { good: GoodClient; start: Holding },
): Promise<string[]> {
  await pause(AFTERMATH_MS);
  const end = await holdingOf(broker), seen = await good.report(), wrong = problemsOf(seen);
  console.log(line(["start", "", "", "", "", start.mib.toFixed(0), start.descriptors]));
  tell("end", seen, end);
  if (end.mib > start.mib + MOST_MIB) wrong.push(`memory has grown by more than ${MOST_MIB} MiB`);
  if (end.descriptors > start.descriptors + MOST_DESCRIPTORS) wrong.push("descriptors were not given back");
  const { code, milliseconds } = await broker.terminate();
  console.log(`SIGTERM: exit code ${code} after ${milliseconds.toFixed(0)} ms`);
  if (code !== 0 || milliseconds > CLOSE_TIMEOUT) wrong.push("SIGTERM has not ended it in time");
  return wrong;
}

async function report(attacks: Attacks): Promise<string[]> {
  const done = await attacks.report(), all = Object.values(done);
  const sum = (of: (tally: (typeof all)[number]) => number) => all.reduce((total, tally) => total + of(tally), 0);
  console.log(
    `${all.length} attacks: ${(sum(({ bytes }) => bytes) / 1e6).toFixed(0)} MB in ${sum(({ steps }) => steps)} steps`,
  );
  return idle(done);
}

/**
 * Runs it.
 *
 * @param minutes how long they attack
 * @returns exit code: 1 when somebody was not served, or something was not given back
 */
export async function hostileSoak(minutes: number): Promise<number> {
  console.log(machine());
  if (business() !== "") console.log(business());
  await using broker = await startTarget();
  await using good = await startGoodClient(broker);
  const start = await holdingOf(broker), wrong: string[] = [];
  const ports = { tcp: broker.port("tcp"), ws: broker.port("ws"), tls: broker.port("tls"), http: broker.port("http") };
  console.log(line(["", "round trips", "p99 ms", "worst ms", "connect ms", "MiB", "descriptors"]));
  {
    await using attacks = await startAttacks(ports, FORCES);
    wrong.push(...await endure(broker, { good, milliseconds: minutes * 60_000 }), ...await report(attacks));
  }
  await good.report();
  wrong.push(...await aftermath(broker, { good, start }));
  for (const problem of wrong) console.log(`FAILED: ${problem}`);
  return wrong.length === 0 ? 0 : 1;
}
