/** A store that takes nothing: what clients may pile up behind it. */

import { assert, assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { storageHook } from "../../hooks/storage/storage_hook.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";
import { GatedEngine } from "../storage/gated_engine.ts";
import { expectMemory, pause, rawSocket, repeated, writeAll, writeWhileTaken } from "./attackers.ts";

const MIB = 1_048_576;
const SLEEPS = { sessionExpiryInterval: 1_000 };
const MAY_WAIT = { maximumPendingMutations: 500 };

/** A broker whose store takes nothing any more, and a session that sleeps with a subscription to `t`. */
async function stuck(): Promise<{ harness: Harness; engine: GatedEngine }> {
  const engine = new GatedEngine();
  engine.gated = false;
  const harness = await Harness.start({ hooks: [allowAll(), storageHook(engine, MAY_WAIT)], realTime: true });
  const asleep = await harness.connect({ clientId: "asleep", properties: SLEEPS });
  await asleep.subscribe("t", { qos: 1 });
  await asleep.disconnect();
  engine.gated = true;
  return { harness, engine };
}

async function letGo(engine: GatedEngine): Promise<void> {
  engine.gated = false;
  await engine.pass();
}

async function publish(client: RawClient, from: number, to: number): Promise<void> {
  for (let packetId = from; packetId <= to; packetId++) await client.sendPublish("t", "x", { qos: 1, packetId });
}

Deno.test("a refusal of a message waits for those before it, a refused SUBSCRIBE does not", async () => {
  const { harness, engine } = await stuck();
  await using _ = harness;
  const publisher = await harness.connect({ clientId: "p" });
  const lasting = await harness.connect({ clientId: "lasting", properties: { sessionExpiryInterval: 0 } });
  await publish(publisher, 1, 700);
  await publisher.barrier();
  assertEquals(publisher.received.filter(({ type }) => type === PacketType.PUBACK), []);
  assertEquals(await lasting.subscribe("u"), 0); // nothing of it is stored
  await letGo(engine);
  for (let packetId = 1; packetId <= 700; packetId++) {
    const { reasonCode } = await publisher.expect({ type: PacketType.PUBACK, packetId });
    assertEquals(reasonCode === 0x97, packetId > 500, `message ${packetId} has ${reasonCode}`);
  }
});

Deno.test("a SUBSCRIBE that cannot be stored is refused at once, and its client stays", async () => {
  const { harness, engine } = await stuck();
  await using _ = harness;
  engine.gated = false;
  const client = await harness.connect({ clientId: "c", properties: SLEEPS });
  engine.gated = true;
  await publish(client, 1, 600);
  await client.send("82 07 02 58 00 00 01 'u' 01");
  await client.expect("90 04 02 58 00 97");
  await client.barrier();
  await letGo(engine);
  for (let packetId = 1; packetId <= 600; packetId++) await client.expect({ type: PacketType.PUBACK, packetId });
  assertEquals(await client.subscribe("u", { qos: 1 }), 1);
});

Deno.test("who floods at QoS 1, and comes back again and again, piles up little behind it", async () => {
  const { harness, engine } = await stuck();
  await using _ = harness;
  const connect = Uint8Array.of(0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 1, 113);
  const flood = repeated(Uint8Array.of(0x32, 7, 0, 1, 116, 0, 1, 120, 120), 65_536);
  await expectMemory(150 * MIB, async () => {
    for (let round = 0; round < 10; round++) {
      const socket = rawSocket(harness);
      assert(await writeAll(socket, connect));
      await writeWhileTaken(socket, flood, 20 * MIB);
      socket.close();
      await pause();
    }
  });
  await letGo(engine);
  const client = await harness.connect("after");
  assertEquals(await client.publish("t", "x", { qos: 1 }), 0);
});
