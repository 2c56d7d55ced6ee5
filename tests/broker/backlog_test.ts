/** What can be sent at any time does not fill the buffer of a client that does not read. */

import { assert, assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { MemoryListener } from "../../listeners/memory.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { type ConnectOptions, Harness, PacketType, RawClient } from "../helpers/harness.ts";

const SIZE = 10_000, MESSAGES = 100;
const LASTING: ConnectOptions = { clientId: "s", cleanStart: false, properties: { sessionExpiryInterval: 1_000 } };
/** Two writes of the default size, what the client's end takes, and the message that has filled them. */
const MOST = 2 * 65_536 + 65_536 + SIZE;

/** Comes back and reads nothing until it is told to. @returns how many messages were sent meanwhile, and the client */
async function comeBack(harness: Harness, sent: () => number): Promise<{ meanwhile: number; client: RawClient }> {
  const socket = (harness.broker.listeners.get("memory") as MemoryListener).connect({ capacity: 65_536 });
  const gate = Promise.withResolvers<void>();
  const read = socket.read.bind(socket);
  socket.read = (buffer) => gate.promise.then(() => read(buffer));
  const client = new RawClient(socket, { version: 5 });
  await client.sendConnect(LASTING);
  for (let round = 0; round < 5; round++) await harness.advance(10);
  const meanwhile = sent();
  gate.resolve();
  await client.expect({ type: PacketType.CONNACK });
  return { meanwhile, client };
}

async function expectAll(client: RawClient): Promise<void> {
  for (let index = 0; index < MESSAGES; index++) {
    const { packetId, payload } = await client.expect({ type: PacketType.PUBLISH });
    assertEquals(payload![0], index);
    await client.ack(PacketType.PUBACK, packetId!);
  }
}

Deno.test("messages that wait follow as the client reads them", async () => {
  let sent = 0;
  const counts: Hook = { id: "counts", onQosPublish: (_client, { state }) => void (state === "sent" && sent++) };
  await using harness = await Harness.start({ hooks: [allowAll(), counts] });
  const away = await harness.connect(LASTING);
  await away.subscribe("t", { qos: 1 });
  await away.cut();
  await harness.settle();
  for (let index = 0; index < MESSAGES; index++) {
    await harness.broker.publish("t", new Uint8Array(SIZE).fill(index), { qos: 1 });
  }
  const { meanwhile, client } = await comeBack(harness, () => sent);
  assert(meanwhile > 0 && meanwhile * SIZE <= MOST, `${meanwhile} messages`);
  await expectAll(client);
  await client.cut();
});
