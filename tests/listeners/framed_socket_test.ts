/** A WebSocket over a network that is fed and drained by hand. */

import { assertEquals, assertRejects } from "@std/assert";
import { PacketFrames } from "../../listeners/frame_encoder.ts";
import { FramedSocket } from "../../listeners/framed_socket.ts";
import type { Socket } from "../../src/broker/core/listener.ts";
import { clientFrame } from "../helpers/raw_websocket.ts";
import { hex, joined } from "../packets/bytes.ts";
import { pattern, settled } from "./echo_context.ts";

/** The network below: what the peer sends, what it gets, and how much of a write is taken at once. */
class Network implements Socket {
  readonly remoteAddress = "192.0.2.1:1";
  /** One for each write that has begun. */
  readonly writes: Uint8Array[] = [];
  /** Most bytes of one write. */
  most = Infinity;
  /** The bytes of the last one where they are. */
  latest: Uint8Array | undefined;
  isClosed = false;
  /** The write under way fails. */
  isBroken = false;
  #waiting: ((length: number | null) => void) | undefined;
  #buffer = new Uint8Array(0);
  #stuck: (() => void) | undefined;
  /** Writes wait until they are let go. */
  isStuck = false;

  read(buffer: Uint8Array): Promise<number | null> {
    this.#buffer = buffer as Uint8Array<ArrayBuffer>;
    if (this.isClosed) return Promise.resolve(null);
    return new Promise((resolve) => this.#waiting = resolve);
  }

  async write(data: Uint8Array): Promise<number> {
    const taken = Math.min(this.most, data.length);
    this.writes.push(data.slice(0, taken));
    this.latest = data;
    if (this.isStuck) await new Promise<void>((resolve) => this.#stuck = resolve);
    if (this.isBroken) {
      this.isBroken = false;
      throw new Deno.errors.ConnectionReset();
    }
    return taken;
  }

  /** The peer sends bytes to who waits for them. */
  async send(...frames: Uint8Array[]): Promise<void> {
    const bytes = joined(...frames);
    while (this.#waiting === undefined) await new Promise((resolve) => setImmediate(resolve));
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#buffer.set(bytes);
    waiting(bytes.length);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  /** The write under way is done. */
  async letGo(): Promise<void> {
    this.isStuck = false;
    this.#stuck?.();
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
    this.#waiting?.(null);
    this.#stuck?.();
  }
}

function setup(): { network: Network; socket: FramedSocket } {
  const network = new Network();
  return { network, socket: new FramedSocket(network, { encoder: new PacketFrames() }) };
}

/** Reads until there is payload, or the end. */
async function payload(socket: FramedSocket): Promise<number | null> {
  for (;;) {
    const length = await socket.read(new Uint8Array(999));
    if (length !== 0) return length;
  }
}

const PACKET = hex("30 05 00 01 74 61 62");
const ping = (text: string) => clientFrame(new TextEncoder().encode(text), { opcode: 9 });
const pong = (text: string) => joined(Uint8Array.of(0x8a, text.length), new TextEncoder().encode(text));
const frame = (bytes: Uint8Array) => joined(Uint8Array.of(0x82, bytes.length), bytes);

Deno.test("framed socket: many packets are one write, taken in as many parts as the network likes", async () => {
  for (const [most, writes] of [[Infinity, 1], [10, 3], [1, 27]]) {
    const { network, socket } = setup();
    network.most = most;
    assertEquals(await socket.write(joined(PACKET, PACKET, PACKET)), 21);
    assertEquals([joined(...network.writes), network.writes.length], [
      joined(frame(PACKET), frame(PACKET), frame(PACKET)),
      writes,
    ]);
  }
});

Deno.test("framed socket: a pong does not come within a packet, and not within a write", async () => {
  const { network, socket } = setup(), read = payload(socket);
  await socket.write(PACKET.subarray(0, 4));
  await network.send(ping("1"));
  assertEquals(network.writes.length, 1);
  network.isStuck = true;
  const written = socket.write(PACKET.subarray(4));
  await network.send(ping("2"), ping("3"));
  assertEquals(network.writes.length, 2);
  await network.letGo();
  assertEquals(await written, 3);
  assertEquals(joined(...network.writes), joined(frame(PACKET), pong("3"))); // the last of them is enough
  assertEquals(await settled(read), false);
  socket.close();
});

Deno.test("framed socket: while a pong cannot leave, others take its place and writes wait", async () => {
  const { network, socket } = setup();
  const read = payload(socket).catch(() => {});
  network.isStuck = true;
  await network.send(ping("0"));
  for (let n = 1; n <= 50; n++) await network.send(ping(`${n}`));
  const written = socket.write(PACKET);
  assertEquals([network.writes.length, await settled(written)], [1, false]);
  await network.letGo();
  await written;
  assertEquals(joined(...network.writes), joined(pong("0"), pong("50"), frame(PACKET)));
  socket.close();
  await read;
});

Deno.test("framed socket: a close frame follows what is on its way, and does not come within a packet", async () => {
  const { network, socket } = setup();
  network.isStuck = true;
  const written = socket.write(PACKET), ended = socket.closeWrite();
  await assertRejects(() => socket.write(PACKET), Deno.errors.BrokenPipe);
  await network.letGo();
  await Promise.all([written, ended, socket.closeWrite()]);
  assertEquals(joined(...network.writes), joined(frame(PACKET), hex("88 02 03 E8")));
  const other = setup();
  await other.socket.write(PACKET.subarray(0, 4));
  await other.socket.closeWrite();
  other.socket.close();
  assertEquals([other.network.writes.length, other.network.isClosed], [1, true]);
});

Deno.test("framed socket: frames stay as they are until they have left, whatever others write meanwhile", async () => {
  const { network, socket } = setup(), other = setup();
  network.isStuck = true;
  const written = socket.write(PACKET), waiting = network.latest;
  for (let n = 0; n < 3; n++) await other.socket.write(pattern(9));
  assertEquals(waiting, frame(PACKET));
  await network.letGo();
  assertEquals(await written, PACKET.length);
});

Deno.test("framed socket: who writes is told of a failure, and nobody else", async () => {
  const { network, socket } = setup(), read = payload(socket);
  network.isStuck = network.isBroken = true;
  const written = socket.write(PACKET), next = socket.write(PACKET);
  await network.send(ping("x"));
  const failed = assertRejects(() => written, Deno.errors.ConnectionReset);
  await network.letGo();
  await failed;
  assertEquals(await next, PACKET.length);
  assertEquals(joined(...network.writes.slice(1)), joined(pong("x"), frame(PACKET)));
  socket.close();
  assertEquals(await read, null);
});

Deno.test("framed socket: a close does not wait for a write that does not leave", () => {
  const { network, socket } = setup();
  network.isStuck = true;
  socket.write(PACKET).catch(() => {});
  socket.close();
  assertEquals(network.isClosed, true);
});

Deno.test("framed socket: each read reads once, and what has no payload is handed back as nothing", async () => {
  const { network, socket } = setup(), buffer = new Uint8Array(99);
  const nothing = joined(ping("x"), clientFrame(new Uint8Array(0), { final: false }));
  for (const [bytes, length] of [[nothing, 0], [ping("y"), 0], [Uint8Array.of(0x80), 0]] as const) {
    const read = socket.read(buffer);
    await network.send(bytes);
    assertEquals(await read, length);
  }
  const read = socket.read(buffer);
  await network.send(clientFrame(pattern(1), { opcode: 0 }).subarray(1));
  assertEquals(await read, 1);
  socket.close();
});

Deno.test("framed socket: one read at a time, and none after the end", async () => {
  const { network, socket } = setup(), read = socket.read(new Uint8Array(9));
  await assertRejects(() => socket.read(new Uint8Array(9)), Deno.errors.Busy);
  network.close();
  assertEquals([await read, await socket.read(new Uint8Array(9))], [null, null]);
});
