/** Who goes on sending after the end of its connection is read more and more seldom. */
import { assertEquals } from "@std/assert";
import { SocketCloser } from "../../src/broker/connection/socket_closer.ts";
import { OutboundQueue } from "../../src/broker/outbound/outbound_queue.ts";
import { Turn } from "../../src/broker/core/turn.ts";
import { Scheduler } from "../../src/time/scheduler.ts";
import { FakeClock } from "../helpers/fake_clock.ts";

Deno.test("three reads are free, and the rest between those that follow grows with them until the socket is closed", async () => {
  const fail = (error: unknown) => {
    throw error;
  };
  const clock = new FakeClock(), scheduler = new Scheduler(clock, fail);
  let reads = 0, isClosed = false;
  const socket = {
    remoteAddress: "192.0.2.1:50000",
    read: (_buffer: Uint8Array) => Promise.resolve(isClosed ? null : ++reads),
    write: (data: Uint8Array) => Promise.resolve(data.length),
    close: () => void (isClosed = true),
  };
  const limits = { packets: 10, bytes: 1_000, totalBytes: 5_000, flushBytes: 200 };
  const out = new OutboundQueue(socket, { turn: new Turn(fail), limits, owner: { written() {}, writeFailed: fail } });
  const closer = new SocketCloser(scheduler, socket, out), readsAt: [milliseconds: number, reads: number][] = [];
  closer.close(true);
  const over = closer.peerEnds(socket);
  for (const milliseconds of [0, 19, 1, 24, 1]) {
    await clock.advance(milliseconds);
    readsAt.push([milliseconds, reads]);
  }
  assertEquals(readsAt, [[0, 4], [19, 4], [1, 5], [24, 5], [1, 6]]);
  await clock.advance(5_000 - 46);
  assertEquals(isClosed, false);
  await clock.advance(1);
  assertEquals(isClosed, true);
  await clock.advance(1_000);
  await over;
});
