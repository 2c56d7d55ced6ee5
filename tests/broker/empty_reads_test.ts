/** Sockets that hand over nothing now and then, as a WebSocket does whose client sends control frames. */
import { assert, assertEquals } from "@std/assert";
import type { ListenerContext, Socket } from "../../src/broker/core/listener.ts";
import { Harness } from "../helpers/harness.ts";
import { hex } from "../packets/bytes.ts";

/** Brings the same bytes at each read, none for a start. */
class Endless implements Socket {
  readonly remoteAddress = "192.0.2.1:1";
  readonly written: number[] = [];
  next: Uint8Array = new Uint8Array(0);
  reads = 0;
  isClosed = false;

  read(buffer: Uint8Array): Promise<number | null> {
    this.reads++;
    const { next } = this;
    buffer.set(next);
    this.next = new Uint8Array(0);
    return Promise.resolve(this.isClosed ? null : next.length);
  }

  write(data: Uint8Array): Promise<number> {
    this.written.push(...data);
    return Promise.resolve(data.length);
  }

  close(): void {
    this.isClosed = true;
  }
}

async function setup(options = {}): Promise<{ harness: Harness; socket: Endless }> {
  const harness = await Harness.start(options), socket = new Endless();
  const listen = (context: ListenerContext) => void context.accept(socket);
  await harness.broker.addListener({ id: "endless", protocol: "test", address: "", listen, close() {} });
  return { harness, socket };
}

Deno.test("reads that bring nothing leave others their turn, and do no harm before CONNECT", async () => {
  const { harness, socket } = await setup();
  await using _ = harness;
  const other = await harness.connect("other");
  await other.subscribe("t");
  await other.publish("t", "served");
  await other.expectMessage("t", "served");
  const before = socket.reads;
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert(socket.reads > before && socket.reads < 10_000, `${socket.reads}`);
  socket.next = hex("10 0C 00 04 'MQTT' 04 02 00 00 00 00");
  while (socket.written.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(socket.written, [...hex("20 02 00 00")]);
});
