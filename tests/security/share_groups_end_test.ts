/** Thousands of share groups that end; members that may not read. */

import { assert, assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Attacker, publishTo, subscribeTo } from "../helpers/attacker.ts";
import { startProgram } from "../helpers/broker_program.ts";
import { assertServed, assertServedDuringAttack, startGoodClient } from "../helpers/good_client.ts";
import { Harness } from "../helpers/harness.ts";
import { startAttacks } from "./attacks/start_attacks.ts";

const LASTING = { sessionExpiryInterval: 1_000 };

Deno.test("members of a thousand share groups, with ten thousand messages each, leave all at once", async () => {
  await using broker = await startProgram();
  const port = broker.port("tcp"), members: Attacker[] = [];
  for (let index = 0; index < 20; index++) { // ten groups of ten members for each number
    const member = await Attacker.connect(port, { clientId: `m${index}` });
    const filters = Array.from({ length: 100 }, (_, group) => `$share/g${group}/jobs${index % 10}/#`);
    await member.send(subscribeTo(filters, 1));
    members.push(member);
  }
  using publisher = await Attacker.connect(port, { clientId: "p", protocolVersion: 4 });
  const jobs = Array.from({ length: 1_500 }, (_, at) => publishTo(`jobs${at % 10}/x`, { qos: 1, packetId: at + 1 }));
  await publisher.send(publisher.bytes(jobs));
  await publisher.receive(4 * jobs.length);
  await using good = await startGoodClient(broker);
  for (const member of members) member[Symbol.dispose]();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assertServed(await good.report());
});

Deno.test("a thousand members that may not read a topic hold nobody up", async () => {
  const auth = [{ allow: true }], acl = [{ client: "member*", filters: { "jobs/secret": "deny" } }];
  await using broker = await startProgram({
    config: {
      listeners: [{ type: "tcp", id: "tcp", address: "127.0.0.1:0" }],
      hooks: { auth: { ledger: { auth, acl } } },
    },
  });
  const port = broker.port("tcp");
  const join = async (_: unknown, index: number) => {
    using member = await Attacker.connect(port, { clientId: `member${index}`, properties: LASTING, cleanStart: false });
    await member.send(subscribeTo(["$share/g/jobs/#"], 1));
    await member.receive(6);
  };
  await Promise.all(Array.from({ length: 1_000 }, join));
  await using good = await startGoodClient(broker);
  using publisher = await Attacker.connect(port, { clientId: "p" });
  const flood = publisher.repeat(publisher.bytes(Array(200).fill(publishTo("jobs/secret"))), 1_500);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assertServed(await good.report());
  await flood;
});

Deno.test("members whose thousands of messages others get come back with Clean Start, again and again", async () => {
  await using broker = await startProgram();
  await using good = await startGoodClient(broker);
  await using _attacks = await startAttacks({ tcp: broker.port("tcp") }, { cleanStarts: 20 });
  await assertServedDuringAttack(good, 2_000);
});

/** Refuses reading to all clients but some, and counts how often it is asked. */
function readers(allowed: readonly string[]): { hook: Hook; asked: string[] } {
  const asked: string[] = [];
  const onAclCheck: Hook["onAclCheck"] = ({ id }, topic, access) => {
    if (access !== "read" || topic !== "jobs") return true;
    asked.push(id);
    return allowed.length === 0 || allowed.includes(id);
  };
  return { hook: { id: "readers", onAclCheck }, asked };
}

Deno.test("each member of a share group is asked about once, and one that may read gets the message", async () => {
  const allowed: string[] = [], { hook, asked } = readers(allowed);
  await using harness = await Harness.start({ hooks: [hook, allowAll()] });
  const members = [];
  for (const id of ["a", "b", "c", "d"]) members.push(await harness.connect(id));
  for (const member of members) await member.subscribe("$share/g/jobs", { qos: 1 });
  asked.length = 0;
  allowed.push("nobody");
  await harness.broker.publish("jobs", "for nobody", { qos: 1 });
  assertEquals(asked.toSorted(), ["a", "b", "c", "d"]);
  allowed.push("c");
  for (let round = 0; round < 5; round++) await harness.broker.publish("jobs", `${round}`, { qos: 1 });
  for (let round = 0; round < 5; round++) await members[2].expectMessage("jobs", `${round}`);
});

Deno.test("what waits for a member that leaves goes to the others in portions, and is not lost when it comes back at once", async () => {
  await using harness = await Harness.start({ capabilities: { maximumAcknowledgementDelay: 0 } });
  const stays = await harness.connect({ clientId: "stays", properties: LASTING });
  await stays.subscribe("$share/g/jobs/#", { qos: 1 });
  await stays.disconnect();
  const leaves = await harness.connect({ clientId: "leaves", properties: { ...LASTING, receiveMaximum: 1 } });
  await leaves.subscribe("$share/g/jobs/#", { qos: 1 });
  for (let index = 0; index < 3_000; index++) await harness.broker.publish("jobs/x", `${index}`, { qos: 1 });
  const session = () => harness.broker.clients.get("stays")!.session!;
  await leaves.cut();
  const again = await harness.connect({ clientId: "leaves" }); // Clean Start ends the session
  assertEquals(again.connack!.sessionPresent, false);
  assertEquals(session().queuedMessages, 3_000, "a new session begins when the old one is done with");
  await again.subscribe("$share/g/jobs/#", { qos: 1 });
  await again.disconnect();
  await harness.advance(10);
  assert(harness.broker.info.inflight === 3_000, `${harness.broker.info.inflight}`);
});
