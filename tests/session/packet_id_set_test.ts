import { assert, assertEquals } from "@std/assert";
import { PacketIdSet } from "../../src/session/packet_id_set.ts";

Deno.test("the same as a Set, whatever comes and goes", () => {
  const ids = new PacketIdSet(), model = new Set<number>();
  for (let step = 0, seed = 1; step < 60_000; step++) {
    seed = seed * 48_271 % 0x7fffffff;
    const packetId = 1 + seed % 700, grows = step % 20_000 < 10_000 ? 3 : 1;
    if ((seed >> 12) % 4 < grows) {
      ids.add(packetId);
      model.add(packetId);
    } else {
      ids.delete(packetId);
      model.delete(packetId);
    }
    if (ids.size !== model.size || ids.has(packetId) !== model.has(packetId)) throw new Error(`step ${step}`);
  }
  for (let packetId = 0; packetId < 65_536; packetId++) assertEquals(ids.has(packetId), model.has(packetId));
});

Deno.test("all 65,535 identifiers take 8 KiB, and none takes nothing", () => {
  const ids = new PacketIdSet();
  assertEquals(ids.bytes, 0);
  for (let packetId = 1; packetId <= 65_535; packetId++) {
    const { bytes } = ids;
    ids.add(packetId);
    assert(ids.bytes >= bytes);
  }
  assertEquals([ids.size, ids.bytes, ids.has(1), ids.has(65_535)], [65_535, 8_192, true, true]);
  for (let packetId = 1; packetId <= 65_535; packetId++) ids.delete(packetId);
  assertEquals([ids.size, ids.bytes], [0, 0]);
});
