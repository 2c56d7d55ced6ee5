import { assert, assertEquals, assertRejects } from "@std/assert";
import { ExerciseClient, Tally } from "../../src/cli/exercise_client.ts";
import { warmUp } from "../../src/cli/warm_up.ts";
import type { NetConnection } from "../../listeners/conn_socket.ts";
import { memoryPair } from "../../listeners/memory.ts";
import { NetListener } from "../../listeners/net.ts";
import { until } from "../helpers/until.ts";
import { within } from "../helpers/within.ts";
import { allowAll, Broker, PacketType } from "../../mod.ts";

Deno.test("the warm-up ends when it is told to, and leaves nothing behind", async () => {
  let turns = 0;
  await within(warmUp(() => ++turns < 30), "the end of the warm-up");
  assertEquals(turns > 30, true, "it was asked until it was told");
  await warmUp(() => false);
});

Deno.test("a lesson goes through all exercises, and ends where it is told to", async () => {
  const { count } = Tally.prototype;
  let packets = 0;
  Tally.prototype.count = function (more) {
    packets += more;
    return count.call(this, more);
  };
  const practise = async (turns: number) => {
    packets = 0;
    await within(warmUp(() => turns-- > 0), "the end of a lesson");
    return packets;
  };
  try {
    const [none, one, some, all] = [await practise(1), await practise(2), await practise(5), await practise(11)];
    assert(none < 50 && one > none && some > one + 5_000 && all > some + 10_000, `${[none, one, some, all]}`);
  } finally {
    Tally.prototype.count = count;
  }
});

async function* once<T>(item: T): AsyncGenerator<T, void, undefined> {
  yield item;
}

async function brokerOf(connection: NetConnection): Promise<Broker> {
  const broker = new Broker();
  await broker.addHook(allowAll());
  await broker.addListener(new NetListener({ id: "memory", connections: once(connection) }));
  await broker.serve();
  return broker;
}

for (const version of [3, 4, 5] as const) {
  for (const qos of [0, 1, 2] as const) {
    Deno.test(`a client for exercise takes part in each exchange: version ${version}, QoS ${qos}`, async () => {
      const [end, other] = memoryPair(), tally = new Tally(), client = new ExerciseClient(end, version, tally);
      await using broker = await brokerOf(other);
      await client.connect("exercise");
      await client.subscribe("a/b");
      const payload = new Uint8Array(10), dup = false, retain = false;
      const packets = Array.from({ length: 50 }, (_, at) => {
        const packetId = qos === 0 ? 0 : at + 1;
        return { type: PacketType.PUBLISH, topic: "a/b", qos, packetId, retain, dup, payload } as const;
      });
      const bytes = client.encode(packets);
      for (let time = 1; time <= 2; time++) {
        tally.expect(50 * (qos + (qos === 2 ? 2 : 1)));
        await client.send(bytes);
        await within(tally.settled, "all packets");
        await until(() => broker.info.inflight === 0);
        assertEquals([broker.info.messagesReceived, broker.info.messagesSent], [50 * time, 50 * time]);
      }
      await client.disconnect();
    });
  }
}

Deno.test("an exercise fails when the broker goes away", async () => {
  const [end, other] = memoryPair(), tally = new Tally(), broker = await brokerOf(other);
  const client = new ExerciseClient(end, 4, tally);
  await client.connect("exercise");
  tally.expect(1);
  const settled = tally.settled.then(() => "settled", (error) => String(error));
  await broker.close();
  assert((await settled).includes("closed"));
  tally.expect(1);
  await assertRejects(() => tally.settled, Error, "closed", "what is expected later does not come either");
});
