/** How much may be on its way to one client: limits of a queue, to the packet and to the byte. */
import { assertEquals } from "@std/assert";
import { OutboundQueue } from "../../src/broker/outbound/outbound_queue.ts";
import { Turn } from "../../src/broker/core/turn.ts";

const LIMITS = { packets: 10, bytes: 1_000, totalBytes: 5_000, flushBytes: 200 };

/** A queue, and the lengths of the writes that its socket was asked for. */
class Client {
  readonly turn: Turn = new Turn((error) => {
    throw error;
  });
  readonly writes: number[] = [];
  readonly queue: OutboundQueue;
  #take: (() => void) | undefined;

  constructor() {
    const socket = {
      remoteAddress: "192.0.2.1:50000",
      read: () => Promise.resolve(null),
      write: (data: Uint8Array) => {
        this.writes.push(data.length);
        return new Promise<number>((resolve) => this.#take = () => resolve(data.length));
      },
      close() {},
    };
    const owner = { written() {}, writeFailed() {} };
    this.queue = new OutboundQueue(socket, { turn: this.turn, limits: LIMITS, owner });
  }

  /** Appends packets of so many bytes. */
  append(...packets: number[]): this {
    for (const bytes of packets) this.queue.appendFrame(new Uint8Array(bytes), 0, bytes, undefined);
    return this;
  }

  /** The socket takes what it was asked to write. @returns when the queue knows, and before the turn ends */
  async take(): Promise<void> {
    this.#take!();
    await Promise.resolve();
    await Promise.resolve();
  }
}

/** What a queue says of itself with these packets, and so many bytes in all others. */
function states(packets: number[], others = 0): [hasRoom: boolean, isLow: boolean, isFlooded: boolean] {
  const { queue, turn } = new Client().append(...packets);
  turn.pendingBytes += others;
  return [queue.hasRoom(), queue.isLow(), queue.isFlooded()];
}

function packets(count: number): number[] {
  return new Array(count).fill(2);
}

Deno.test("a queue has room below its limits, and is flooded above twice as much", () => {
  assertEquals([states(packets(9)), states(packets(10))], [[true, true, false], [false, false, false]]);
  assertEquals([states(packets(20)), states(packets(21))], [[false, false, false], [false, false, true]]);
  assertEquals([states([999]), states([1_000])], [[true, false, false], [false, false, false]]);
  assertEquals([states([2_000]), states([2_001])], [[false, false, false], [false, false, true]]);
});

Deno.test("little waits below two writes", () => {
  assertEquals([states([399]), states([400])], [[true, true, false], [true, false, false]]);
});

Deno.test("what all queues hold counts for those that hold as much as one write", () => {
  assertEquals([states([200], 4_799), states([200], 4_800), states([199], 4_801)], [
    [true, true, false],
    [false, false, false],
    [true, true, false],
  ]);
  assertEquals([states([201], 9_799), states([201], 9_800), states([200], 9_801)], [
    [false, false, false],
    [false, false, true],
    [false, false, false],
  ]);
});

Deno.test("a write begins with as many bytes as one has, otherwise at the end of the turn", async () => {
  const much = new Client().append(150, 50), little = new Client().append(150, 49);
  assertEquals([much.writes, little.writes], [[200], []]);
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals([much.writes, little.writes], [[200], [199]]);
});

Deno.test("what was appended during a write follows at once when it is as much as one has", async () => {
  const much = new Client().append(200, 200);
  await much.take();
  assertEquals(much.writes, [200, 200]);
  const little = new Client().append(200, 199);
  await little.take();
  assertEquals(little.writes, [200]);
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals(little.writes, [200, 199]);
});

Deno.test("nothing is written where nothing waits", async () => {
  const client = new Client().append(200);
  client.queue.flush();
  await client.take();
  await new Promise((resolve) => setImmediate(resolve));
  client.queue.flush();
  assertEquals(client.writes, [200]);
});
