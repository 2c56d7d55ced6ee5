/** Wrong passwords by the hundred; known and unknown users. */

import { assert, assertEquals } from "@std/assert";
import { hashPassword } from "../../hooks/auth/password.ts";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { connectTo } from "../helpers/byte_link.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { until } from "../helpers/until.ts";

const MANY = 400;

/** The program with users whose passwords are hashed. */
async function startWithUsers(iterations: number): Promise<BrokerProgram> {
  const names = ["good", "peach", "late", "later", "last"];
  const hashes = await Promise.all(names.map(() => hashPassword("right", iterations)));
  const users = Object.fromEntries(names.map((name, index) => [name, { password: hashes[index] }]));
  const listeners = [{ type: "tcp", id: "tcp", address: "127.0.0.1:0" }];
  return await startProgram({ config: { listeners, hooks: { auth: { ledger: { users } } } } });
}

async function open(broker: BrokerProgram): Promise<RawClient> {
  return new RawClient(await connectTo(`127.0.0.1:${broker.port("tcp")}`), { version: 5, patience: 30_000 });
}

/** Sends a CONNECT with a wrong password. */
async function guess(broker: BrokerProgram, username: string): Promise<RawClient> {
  const client = await open(broker);
  await client.sendConnect({ clientId: "", username, password: `wrong ${Math.random()}` });
  return client;
}

function guessAll(broker: BrokerProgram, username: string): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: MANY }, () => guess(broker, username)));
}

/** What the process has used so far: on a busy machine everything takes longer, but not more. */
async function processorSeconds({ pid }: BrokerProgram): Promise<number> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `cat /proc/${pid}/stat`] }).output();
  const [user, system] = new TextDecoder().decode(stdout).replace(/.*\) /, "").split(" ").slice(11, 13).map(Number);
  return (user + system) / 100;
}

Deno.test("wrong passwords: who sends them hurts nobody else, leaving or waiting for the answers", async () => {
  await using broker = await startWithUsers(600_000);
  await using good = await startGoodClient(broker, { username: "good", password: "right" });
  const before = await processorSeconds(broker);
  for (const username of ["late", "later", "last"]) {
    const attackers = await guessAll(broker, "peach");
    await Promise.all(attackers.map((client) => client.cut()));
    const client = await open(broker);
    await client.connect({ username, password: "right" });
    await client.cut();
  }
  const spent = await processorSeconds(broker) - before;
  assert(
    spent < 5,
    `${spent} s of a core for three right passwords and ${3 * MANY} wrong ones, whose senders have gone`,
  );
  const waiting = await guessAll(broker, "peach");
  let judged = 0;
  for (const client of waiting) client.next().then(({ reasonCode }) => reasonCode === 0x86 && judged++, () => {});
  await until(() => judged >= 20, "twenty that are judged", 30_000); // others find no room in the queue
  assertServed(await good.report(), { roundTrips: 50 });
  const { code, milliseconds } = await broker.terminate();
  assertEquals(code, 0);
  assert(milliseconds < 5_000, `stopped after ${milliseconds} ms`);
});

Deno.test("wrong passwords: names that nobody has are refused as late as those of users", async () => {
  await using broker = await startWithUsers(200_000);
  const quickest = { peach: Infinity, nobody: Infinity };
  const isEqual = () => quickest.nobody > 0.7 * quickest.peach && quickest.nobody < 1.4 * quickest.peach;
  for (let round = 0; round < 50 && !isEqual(); round++) { // what else the machine does makes each only longer
    for (const name of ["peach", "nobody"] as const) {
      const since = performance.now();
      await (await guess(broker, name)).expectRefusal(0x86);
      quickest[name] = Math.min(quickest[name], performance.now() - since);
    }
  }
  assert(isEqual(), JSON.stringify(quickest));
});
