/** One large packet from each of many clients, and then silence: their reads wait, and what they would read into stays small. */

import { assert } from "@std/assert";
import { Attacker, publishTo } from "../helpers/attacker.ts";
import { startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";

const MIB = 1_048_576;
const CLIENTS = 1_200, AT_ONCE = 100;

Deno.test("clients that have sent one large packet and are silent hold little", async () => {
  await using broker = await startProgram({ heapMiB: 128 }); // 24 MiB of it are for what is read into
  await using good = await startGoodClient(broker, { newConnections: false });
  const port = broker.port("tcp"), all: Attacker[] = [];
  while (all.length < CLIENTS) {
    const ids = Array.from({ length: AT_ONCE }, (_, index) => `silent-${all.length + index}`);
    all.push(...await Promise.all(ids.map((clientId) => Attacker.connect(port, { clientId }))));
  }
  const before = await broker.rssBytes();
  for (const client of all) {
    await client.send(publishTo("nobody", { qos: 1, packetId: 1, size: 65_000 }));
    await client.receive(4);
  }
  const grown = await broker.rssBytes() - before;
  assert(grown < 50 * MIB, `memory has grown by ${grown / MIB} MiB`);
  assertServed(await good.report());
  for (const client of all) client[Symbol.dispose]();
});
