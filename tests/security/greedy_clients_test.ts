/** One publisher as fast as it can, on changing topics; acknowledgement floods: others are served, and SIGTERM is heard. */

import { assert, assertEquals } from "@std/assert";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { Child } from "../helpers/child.ts";
import { assertServedDuringAttack, startGoodClient } from "../helpers/good_client.ts";
import { connectTo } from "../helpers/byte_link.ts";
import { testWith } from "../helpers/programs.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { PacketType } from "../helpers/harness.ts";
import type { Forces } from "./attacks/all_attacks.ts";
import { startAttacks } from "./attacks/start_attacks.ts";

/** Milliseconds of an attack, and of the end of the program: its `closeTimeout`. */
const ATTACK = 1_500, CLOSE_TIMEOUT = 5_000;
const CROWD = 2_000;

async function connect(broker: BrokerProgram, clientId: string, options: object = {}): Promise<RawClient> {
  const connection = await connectTo(`127.0.0.1:${broker.port("tcp")}`);
  return await new RawClient(connection, { version: 5, patience: 10_000 }).connect({ clientId, ...options });
}

/** Ends it in time; a client with a will and one that wants it are told. */
async function assertEndsInOrder(broker: BrokerProgram): Promise<void> {
  const heir = await connect(broker, "heir");
  await heir.subscribe("wills/#");
  const testator = await connect(broker, "testator", { will: { topic: "wills/testator", payload: "all" } });
  const [{ code, milliseconds }] = await Promise.all([
    broker.terminate(),
    heir.expectMessage("wills/testator", "all").then(() =>
      heir.expect({ type: PacketType.DISCONNECT, reasonCode: 0x8b })
    ),
    testator.expect({ type: PacketType.DISCONNECT, reasonCode: 0x8b }),
  ]);
  assertEquals(code, 0, broker.output());
  assert(milliseconds < CLOSE_TIMEOUT, `${milliseconds} ms`);
}

const FLOODS: [what: string, forces: Forces, megabytes: number][] = [
  ["a QoS 0 publisher on changing topics", { changingTopics: 1 }, 3],
  ["20 of them, and new connections beside them", { changingTopics: 20, connections: 4 }, 10],
  ["one topic and retained messages", { oneTopic: 2, retainedTopics: 2 }, 3],
  ["hundreds whose messages reach hundreds", { broadcasts: 3 }, 0],
  ["PUBACK and PUBCOMP", { pubacks: 3, pubcomps: 3 }, 10],
  ["PUBREC", { pubrecs: 1 }, 3],
  ["PUBREC and PUBREL", { pubrecs: 4, pubrels: 4 }, 3],
  ["QoS 2 from beginning to end", { exchanges: 4 }, 3],
  ["PUBLISH whose answers nobody reads", { unreadAnswers: 4 }, 1],
  ["900 clients with 7,000 PINGREQ at a time", { answeredPings: 900 }, 3],
  ["the same SUBSCRIBE", { sameFilters: 4 }, 0],
  ["SUBSCRIBE and UNSUBSCRIBE of a thousand filters", { changingFilters: 4 }, 1],
  ["a crowd that joins and leaves share groups", { groupCrowd: 5 }, 10],
  ["a crowd that wants all statistics", { statisticsCrowd: 5 }, 0],
  ["wills of 300 clients that go at once, for 500 subscribers", { wills: 5 }, 0],
  ["a subscriber that takes five messages a second of thousands", { slowSubscriber: 1 }, 0],
  ["a subscriber that takes 600 messages a second of a full queue", { fullSubscriber: 1 }, 0],
  ["bytes behind what a client may not send", { refusedFloods: 50 }, 10],
  ["pings of WebSockets", { webSocketPings: 100 }, 5],
  ["fragments of WebSockets without anything in them", { fragments: 100 }, 5],
  ["bytes behind HTTP requests", { floodsBehindRequests: 50 }, 10],
];

for (const [what, forces, megabytes] of FLOODS) {
  Deno.test(`as fast as they can: ${what}`, async () => {
    await using broker = await startProgram();
    await using good = await startGoodClient(broker);
    const ports = { tcp: broker.port("tcp"), ws: broker.port("ws"), http: broker.port("sysinfo") };
    await using attacks = await startAttacks(ports, forces);
    await assertServedDuringAttack(good, ATTACK);
    const done = Object.values(await attacks.report()), bytes = done.reduce((sum, { bytes }) => sum + bytes, 0);
    assert(bytes > megabytes * 1e6, `only ${bytes} bytes were sent: ${JSON.stringify(done)}`);
    await assertEndsInOrder(broker);
  });
}

for (const [what, pings] of [["only pings", true], ["publishes one message at a time at QoS 1", false]] as const) {
  testWith(["python3"], `as fast as they can: ${CROWD} QoS 0 publishers, beside a client that ${what}`, async () => {
    await using broker = await startProgram();
    const port = broker.port("tcp");
    await using good = await startGoodClient(broker, { pings, newConnections: false });
    await using crowd = new Child("python3", ["tests/security/crowd.py", `${port}`, `${CROWD}`]);
    assertEquals(await crowd.nextLine(), "ready");
    await assertServedDuringAttack(good, ATTACK);
    await assertEndsInOrder(broker);
    await crowd.endInput();
    assert(Number(await crowd.nextLine()) > 10, "megabytes of the crowd");
  });
}
