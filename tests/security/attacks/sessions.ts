/** Clients that come back, go to sleep and end. */

import { Attacker, publishTo, subscribeTo } from "../../helpers/attacker.ts";
import { type Attack, bytesOf, connectMany, connectNew, flood, newName, rest } from "./attack.ts";

/** Seconds that sessions stay when they end: soon after an attack nothing of it is left. */
const LASTING = { sessionExpiryInterval: 3 };

/** New connections, one behind the other. */
export const connections: Attack = async function* (ports) {
  for (;;) {
    using _attacker = await connectNew(ports, "connections");
    yield 30;
  }
};

/** A full session that is taken over again and again by who reads nothing. */
export const reconnects: Attack = async function* (ports) {
  const full = { clientId: newName("full"), cleanStart: false, properties: LASTING };
  {
    using subscriber = await Attacker.connect(ports.tcp, full);
    await subscriber.send(subscribeTo([full.clientId], 1));
    await subscriber.receive(6);
  }
  using publisher = await connectNew(ports, "filler");
  const fill = bytesOf(1_000, (at) => publishTo(full.clientId, { qos: 1, packetId: at + 1, size: 1_000 }));
  await publisher.send(fill);
  for (;;) {
    using _attacker = await Attacker.connect(ports.tcp, { ...full, reads: false });
    yield 30;
    await rest(4);
  }
};

/** Members of a hundred share groups, with messages that wait, leave all at once. */
export const shareGroupsEnd: Attack = async function* (ports) {
  using publisher = await connectNew(ports, "jobs");
  const jobs = bytesOf(200, (at) => publishTo("jobs/x", { qos: 1, packetId: at + 1 }));
  const filters = Array.from({ length: 100 }, (_, group) => `$share/g${group}/jobs/#`);
  for (;;) {
    const members: Attacker[] = [];
    for (let index = 0; index < 10; index++) members.push(await connectNew(ports, "member"));
    for (const member of members) await member.send(subscribeTo(filters, 1));
    if (!await publisher.send(jobs)) return;
    yield jobs.length;
    await rest(100);
    for (const member of members) member[Symbol.dispose]();
  }
};

/** Two members of a share group with 4,500 messages each that wait come back by turns with Clean Start: the other one gets them all. */
export const cleanStarts: Attack = async function* (ports) {
  const topic = newName("pair"), members: Attacker[] = [];
  const join = async (index: number) => {
    const options = { reads: false, properties: { ...LASTING, receiveMaximum: 1 } };
    members[index] = await Attacker.connect(ports.tcp, { clientId: `${topic}-${index}`, ...options });
    await members[index].send(subscribeTo([`$share/g/${topic}`], 1));
  };
  for (const index of [0, 1]) await join(index);
  using publisher = await connectNew(ports, "pairs", { protocolVersion: 4 });
  const bytes = bytesOf(250, (at) => publishTo(topic, { qos: 1, packetId: at + 1 })); // larger lots come last in a crowd
  for (let lots = 1; lots <= 36; lots++) {
    await publisher.send(bytes);
    await publisher.receive(4 * 250 * lots);
    yield bytes.length;
  }
  for (let turn = 0;; turn ^= 1) {
    members[turn][Symbol.dispose]();
    await join(turn);
    yield 60;
    await rest(55); // 20 times a second for each name
  }
};

/** Members that may not read what they are a group for: a ledger has to deny `secret/#` to `denied*`. */
export const deniedMembers: Attack = async function* (ports) {
  const join = async (_: unknown, index: number) => {
    const clientId = `denied-${index}`;
    using member = await Attacker.connect(ports.tcp, { clientId, cleanStart: false, properties: LASTING });
    await member.send(subscribeTo(["$share/g/secret/#"], 1));
    await member.receive(6);
  };
  await Promise.all(Array.from({ length: 300 }, join));
  using publisher = await connectNew(ports, "secret");
  yield* flood(publisher, bytesOf(200, () => publishTo("secret/x")));
};

/** Sessions with wills, filters and messages that wait, asleep for a few seconds. */
export const sleepingSessions: Attack = async function* (ports) {
  using publisher = await connectNew(ports, "lullaby");
  const filters = ["sleep", ...Array.from({ length: 100 }, (_, at) => `sleep/${at}/+`)];
  const properties = {
    userProperties: Array.from({ length: 100 }, (_, at) => [`${at}`, "x".repeat(100)] as [string, string]),
  };
  for (;;) {
    using sleeper = await connectNew(ports, "sleeper", {
      cleanStart: false,
      properties: { ...LASTING, ...properties },
      will: { topic: "sleep/will", properties: { willDelayInterval: 2, ...properties } },
    });
    await sleeper.send(subscribeTo(filters, 1));
    await sleeper.receive(5 + filters.length);
    if (!await publisher.send(publishTo("sleep", { qos: 1, packetId: 1, size: 0 }))) return;
    yield 12_000;
  }
};

/** Wills of some hundred clients that go at once, each for hundreds of subscribers. */
export const wills: Attack = async function* (ports) {
  const subscribers = await connectMany(ports, "heir", 100);
  for (const subscriber of subscribers) await subscriber.send(subscribeTo(["estate/#"]));
  for (;;) {
    const connect = () => connectNew(ports, "testator", { will: { topic: "estate/x" } });
    const testators = await Promise.all(Array.from({ length: 60 }, connect));
    for (const testator of testators) testator[Symbol.dispose]();
    yield testators.length;
    await rest(100);
  }
};
