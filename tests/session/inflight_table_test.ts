import { assert, assertEquals } from "@std/assert";
import { InflightTable } from "../../src/session/inflight_table.ts";
import { OutboundRecord } from "../../src/session/outbound_record.ts";

const DELIVERY = { qos: 1, retain: false, identifiers: undefined, share: undefined } as const;

function record(packetId: number, sequence = packetId): OutboundRecord {
  return Object.assign(new OutboundRecord("a", sequence, undefined, DELIVERY), { packetId });
}

/** The records in their order, found from both ends. */
function inOrder({ oldest }: InflightTable): OutboundRecord[] {
  const records: OutboundRecord[] = [];
  for (let next = oldest; next !== undefined; next = next.newer) records.push(next);
  assertEquals([records[0]?.older, ...records].slice(0, -1), records.map(({ older }) => older));
  return records;
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
      } else if (!isIn) {
        const added = record(packetId, step);
        table.add(added);
        known.set(packetId, added);
        assert(table.get(packetId) === added);
      }
      assertEquals(table.size, known.size);
    }
    assertEquals(inOrder(table).map(({ packetId }) => packetId), [...known.keys()]);
    for (const packetId of known.keys()) table.delete(packetId);
    assertEquals([table.size, table.oldest, table.has(1)], [0, undefined, false]);
  }
});

Deno.test("records have the order of their sequence, however they come and go; those that have gone lead nowhere", () => {
  const table = new InflightTable(), sequences = [5, 3, 9, 1, 7, 8, 2], records = sequences.map((at) => record(at));
  for (const one of records) table.add(one);
  const left = sequences.toSorted((a, b) => a - b);
  for (const gone of [7, 1, 9, 3]) {
    table.delete(gone);
    left.splice(left.indexOf(gone), 1);
    assertEquals(inOrder(table).map(({ sequence }) => sequence), left);
    const { older, newer } = records[sequences.indexOf(gone)];
    assertEquals([older, newer], [undefined, undefined]);
  }
  table.add(record(10));
  assertEquals(inOrder(table).map(({ sequence }) => sequence), [...left, 10]);
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
  assertEquals(inOrder(tables.at(-1)!).map(({ packetId }) => packetId), [1, 32_769]);
  assert(bytes < 131_072, `${bytes} bytes for two records`); // with some garbage
});

function heap(): number {
  return Deno.memoryUsage().heapUsed;
}
