import { assertEquals } from "@std/assert";
import { IncompletePackets, type PacketSource } from "../../src/broker/core/incomplete_packets.ts";
import { Core } from "../../src/broker/core/core.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { accept } from "../../src/broker/lifecycle/accept.ts";
import { OpenSockets } from "../../src/broker/connection/open_sockets.ts";
import { Deadlines } from "../../src/time/deadline.ts";
import { Scheduler } from "../../src/time/scheduler.ts";
import { FakeClock } from "../helpers/fake_clock.ts";

/** A packet of which nothing more comes. */
class Source implements PacketSource {
  isWatched = false;
  isBusy = false;
  packets = 0;
  ended = 0;
  looks = 0;
  bytes = 1;
  reasonCode = 0;

  get incompleteBytes(): number {
    this.looks++;
    return this.bytes;
  }

  end(reasonCode: number): void {
    this.ended++;
    this.reasonCode = reasonCode;
  }
}

function start(): { clock: FakeClock; incomplete: IncompletePackets } {
  const clock = new FakeClock(), scheduler = new Scheduler(clock, () => {});
  const deadlines = new Deadlines({ clock, scheduler, lookAround: (done) => void done() });
  return { clock, incomplete: new IncompletePackets(deadlines) };
}

Deno.test("a source that is forgotten is not looked at again, and the others are", async () => {
  const { clock, incomplete } = start(), gone = new Source(), stays = new Source();
  incomplete.watch(gone);
  incomplete.watch(stays);
  incomplete.forget(gone);
  await clock.advance(75_000);
  assertEquals([gone.isWatched, gone.looks, gone.ended], [false, 1, 0]);
  assertEquals([stays.isWatched, stays.ended, stays.reasonCode], [false, 1, 0x83]);
});

Deno.test("however often sources come and go, it is looked every 15 seconds, and not without one", async () => {
  const { clock, incomplete } = start(), source = new Source();
  for (let count = 0; count < 100; count++) {
    incomplete.watch(source);
    incomplete.forget(source);
  }
  incomplete.watch(source);
  source.looks = 0;
  await clock.advance(14_999);
  assertEquals(source.looks, 0);
  await clock.advance(15_001);
  assertEquals(source.looks, 2);
  incomplete.forget(source);
  await clock.advance(15_000);
  assertEquals(clock.pending, 0);
});

Deno.test("a packet has a minute, and one more when it has grown by a kilobyte", async () => {
  const { clock, incomplete } = start(), [stands, creeps, grows] = [new Source(), new Source(), new Source()];
  for (const source of [stands, creeps, grows]) incomplete.watch(source);
  creeps.bytes += 1_023;
  grows.bytes += 1_024;
  await clock.advance(59_999);
  assertEquals([stands.ended, creeps.ended, grows.ended], [0, 0, 0]);
  await clock.advance(1);
  assertEquals([stands.ended, creeps.ended, grows.ended], [1, 1, 0]);
  await clock.advance(15_000);
  assertEquals(grows.ended, 1);
});

Deno.test("the time is not the client's in which the broker does not read, and each packet has its own", async () => {
  const { clock, incomplete } = start(), busy = new Source(), next = new Source();
  for (const source of [busy, next]) incomplete.watch(source);
  busy.isBusy = true;
  next.packets++;
  await clock.advance(74_999); // the look after 15 seconds has seen the next packet
  assertEquals([busy.ended, next.ended], [0, 0]);
  await clock.advance(1);
  assertEquals([busy.ended, next.ended], [0, 1]);
  busy.isBusy = false;
  await clock.advance(59_999);
  assertEquals(busy.ended, 0);
  await clock.advance(1);
  assertEquals(busy.ended, 1);
});

Deno.test("a connection that has ended is forgotten at once", async () => {
  const core = new Core(resolveOptions({ clock: new FakeClock() })), forgotten: PacketSource[] = [];
  core.serving = true;
  core.incomplete.forget = (source) => void forgotten.push(source);
  const socket = {
    remoteAddress: "192.0.2.1:50000",
    read: () => Promise.resolve(null),
    write: (data: Uint8Array) => Promise.resolve(data.length),
    close() {},
  };
  await accept(core, socket, { listenerId: "l", transport: "tcp", sockets: new OpenSockets(core) });
  assertEquals(forgotten.length, 1);
});

Deno.test("where memory is short those with 64 KiB and more end, and nobody whose packets are being handled", () => {
  const { incomplete } = start(),
    [small, large, busy] = [65_535, 65_536, 65_536].map((bytes) => {
      const source = new Source();
      source.bytes = bytes;
      incomplete.watch(source);
      return source;
    });
  busy.isBusy = true;
  incomplete.endLarge();
  assertEquals([small, large, busy].map(({ ended, isWatched }) => [ended, isWatched]), [
    [0, true],
    [1, false],
    [0, true],
  ]);
  incomplete.endIfLarge(busy);
  incomplete.endIfLarge(small);
  assertEquals([small.ended, busy.ended, busy.reasonCode], [0, 1, 0x97]);
});
