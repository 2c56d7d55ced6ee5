import { assert, assertEquals } from "@std/assert";
import { InflightTable } from "../../src/session/inflight_table.ts";
import type { OutboundRecord } from "../../src/session/outbound_record.ts";

function record(packetId: number, sequence = packetId): OutboundRecord {
  return { packetId, sequence } as OutboundRecord;
}

Deno.test("the same as a Map, for any order of identifiers that come and go", () => {
  for (const most of [3, 40, 3_000, 65_535]) {
    const table = new InflightTable(), known = new Map<number, OutboundRecord>();
    let seed = most;
    for (let step = 0; step < 100_000; step++) {
      seed = seed * 48_271 % 0x7fffffff;
      const packetId = 1 + seed % most, isIn = known.has(packetId);
      assertEquals(table.has(packetId), isIn);
      if (seed & 0x1000 && step % 20_000 > 10_000) {
        table.delete(packetId);
        known.delete(packetId);
      } else {
        const added = record(packetId, step);
        table.add(added);
        known.set(packetId, added);
        assert(table.get(packetId) === added);
      }
      assertEquals(table.size, known.size);
    }
    assertEquals(table.values(), [...known.values()].sort((a, b) => a.sequence - b.sequence));
    table.clear();
    assertEquals([table.size, table.values().length, table.has(1)], [0, 0, false]);
  }
});

Deno.test("memory follows the number of records, whichever identifiers stay", () => {
  const count = 500, before = heap();
  const tables = Array.from({ length: count }, () => {
    const table = new InflightTable();
    for (let packetId = 1; packetId <= 32_769; packetId++) {
      table.add(record(packetId));
      if (packetId > 1_000) table.delete(packetId - 999);
    }
    for (let packetId = 2; packetId < 32_769; packetId++) table.delete(packetId);
    return table;
  });
  const bytes = (heap() - before) / count;
  assertEquals(tables.map((table) => table.values().map(({ packetId }) => packetId)).at(-1), [1, 32_769]);
  assert(bytes < 131_072, `${bytes} bytes for two records`); // with some garbage
});

function heap(): number {
  return Deno.memoryUsage().heapUsed;
}
