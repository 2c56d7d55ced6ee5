import { assert, assertEquals, assertRejects } from "@std/assert";
import { EchoContext } from "./echo_context.ts";
import { HandshakeTurns, WaitingPeer } from "../../listeners/handshake_turns.ts";

const context = new EchoContext();

/** A network whose reads are answered by the test. */
function network(remoteAddress = "192.0.2.1:1") {
  const reads: { buffer: Uint8Array; resolve(length: number | null): void; reject(error: Error): void }[] = [];
  const read = (buffer: Uint8Array) =>
    new Promise<number | null>((resolve, reject) => void reads.push({ buffer, resolve, reject }));
  const socket = {
    remoteAddress,
    read,
    write: (data: Uint8Array) => Promise.resolve(data.length),
    close() {},
  };
  const bring = (...bytes: number[]) => {
    const { buffer, resolve } = reads.shift()!;
    buffer.set(bytes);
    resolve(bytes.length);
  };
  return { socket, reads, bring };
}

Deno.test("what is read before a handshake comes first afterwards", async () => {
  const { socket, bring } = network(), peer = new WaitingPeer(socket), buffer = new Uint8Array(256);
  bring(1, 2, 3);
  assertEquals(await peer.read(buffer), 3);
  assertEquals([...buffer.subarray(0, 3)], [1, 2, 3]);
  const next = peer.read(buffer);
  bring(4);
  assertEquals([await next, buffer[0]], [1, 4]);
});

Deno.test("handshakes begin in their order, and those whose peers have gone are passed over", async () => {
  const turns = new HandshakeTurns(), began: number[] = [], networks = Array.from({ length: 7 }, () => network());
  const peers = networks.map(({ socket }) => new WaitingPeer(socket));
  networks[1].reads[0].resolve(null);
  networks[3].reads[0].reject(new Deno.errors.ConnectionReset("gone"));
  const waits = peers.map((peer, index) => turns.next(peer, context).then(() => void began.push(index)));
  for (const gone of [1, 3]) await assertRejects(() => waits[gone], Error, "went away");
  await Promise.all(waits.filter((_, index) => index !== 1 && index !== 3));
  assertEquals(began, [0, 2, 4, 5, 6]);
});

Deno.test("handshakes of one address do not wait for all of another one, nor for those whose time is over", async () => {
  const turns = new HandshakeTurns(), began: string[] = [];
  const begin = (remoteAddress: string) => {
    const peer = new WaitingPeer(network(remoteAddress).socket);
    return { peer, turn: turns.next(peer, context).then(() => void began.push(remoteAddress)) };
  };
  const many = Array.from({ length: 20 }, (_, host) => begin(`[2001:db8::${host}]:${host}`)); // one network is one
  const late = begin("192.0.2.1:1"), few = [begin("192.0.2.1:2"), begin("192.0.2.1:3"), begin("192.0.2.2:1")];
  late.peer.close();
  await assertRejects(() => late.turn, Error, "went away");
  await Promise.all(few.map(({ turn }) => turn));
  assertEquals(began.filter((address) => address.startsWith("192")), ["192.0.2.2:1", "192.0.2.1:2", "192.0.2.1:3"]);
  assert(began.length <= 8, `${began}`);
  await Promise.all(many.map(({ turn }) => turn));
  assertEquals(began.length, 23);
});
