/**
 * Thousands of clients in one process: each connects, subscribes, and waits for one message.
 *
 *     deno run -A tests/e2e/many_clients.ts host port count
 *
 * Prints "subscribed" when all are, and "received" when each has got its message and has acknowledged it.
 */
import { connectTo } from "../helpers/byte_link.ts";
import { PacketType } from "../../src/packets/types.ts";
import { RawClient } from "../helpers/raw_client.ts";

const [host, port, count] = Deno.args;
const AT_ONCE = 250, PATIENCE = 60_000;

async function connect(clientId: string): Promise<RawClient> {
  const client = new RawClient(await connectTo(`${host}:${port}`), { version: 5, patience: PATIENCE });
  await client.connect({ clientId });
  await client.subscribe(`clients/${clientId}`, { qos: 1 });
  await client.subscribe("all", { qos: 1 });
  return client;
}

async function receive(client: RawClient): Promise<void> {
  const { packetId } = await client.expect({ type: PacketType.PUBLISH, qos: 1 });
  await client.ack(PacketType.PUBACK, packetId!);
}

const clients: RawClient[] = [];
while (clients.length < Number(count)) {
  const missing = Math.min(AT_ONCE, Number(count) - clients.length);
  const ids = Array.from({ length: missing }, (_, index) => `client-${clients.length + index}`);
  clients.push(...await Promise.all(ids.map(connect)));
}
console.log("subscribed");
await Promise.all(clients.map(receive));
console.log("received");
await Deno.stdin.read(new Uint8Array(1)); // the connections stay until nobody needs them
Deno.exit(0);
