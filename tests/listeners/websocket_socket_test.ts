/** A WebSocket of the runtime as a socket: messages are fed by hand, one in each microtask, as the runtime does. */

import { assertEquals } from "@std/assert";
import { RuntimeWebSocket } from "../../listeners/websocket_socket.ts";

const REMOTE = "192.0.2.1:1";

/** What the adapter uses of a WebSocket. */
class FakeWebSocket {
  readonly readyState = WebSocket.OPEN;
  readonly bufferedAmount = 0;
  binaryType = "blob";
  onmessage: ((event: { data: unknown }) => void) | undefined;
  onclose: (() => void) | undefined;
  readonly codes: (number | undefined)[] = [];

  send(): void {}

  close(code?: number): void {
    this.codes.push(code);
  }

  /** Delivers messages of these sizes, one in each microtask; bytes are numbered. */
  async deliver(...sizes: number[]): Promise<void> {
    let next = 0;
    for (const size of sizes) {
      this.onmessage!({ data: Uint8Array.from({ length: size }, () => next++).buffer });
      await undefined;
    }
  }
}

function setup(maximumBuffered = 1_000_000) {
  const fake = new FakeWebSocket();
  const socket = new RuntimeWebSocket(fake as unknown as WebSocket, { remoteAddress: REMOTE, maximumBuffered });
  return { fake, socket, buffer: new Uint8Array(64) };
}

Deno.test("websocket socket: messages that arrive together are read together", async () => {
  const { fake, socket, buffer } = setup();
  for (const sizes of [[1], [1, 2, 3], [4, 1, 1, 1, 1, 1, 1, 1, 1]]) {
    const read = socket.read(buffer), total = sizes.reduce((sum, size) => sum + size);
    await fake.deliver(...sizes);
    assertEquals(await read, total, `${sizes}`);
    assertEquals([...buffer.subarray(0, total)], Array.from({ length: total }, (_, index) => index));
  }
});

Deno.test("websocket socket: messages wait for who reads later, and are read together then", async () => {
  const { fake, socket, buffer } = setup();
  const delivered = fake.deliver(5, 5, 5, 5);
  assertEquals(await socket.read(buffer), 20);
  await delivered;
  await fake.deliver(1, 2);
  assertEquals(await socket.read(buffer), 3);
});

Deno.test("websocket socket: a full buffer waits for no more messages", async () => {
  const { fake, socket, buffer } = setup();
  let delivered = false;
  const read = socket.read(buffer);
  const delivery = fake.deliver(...new Array<number>(20).fill(48)).then(() => delivered = true);
  assertEquals([await read, await socket.read(buffer), delivered], [64, 64, false]);
  await delivery;
});

Deno.test("websocket socket: a message takes the place of those that somebody waits for", async () => {
  const { fake, socket, buffer } = setup(200);
  const read = socket.read(buffer);
  await fake.deliver(1, 200);
  assertEquals(await read, 1);
  assertEquals(await socket.read(new Uint8Array(300)), 200);
  await fake.deliver(1, 200); // nobody waits
  assertEquals(fake.codes, [1013]);
});

Deno.test("websocket socket: at the end what has arrived is read at once, then null", async () => {
  for (const end of ["onclose", "onmessage"] as const) {
    const { fake, socket, buffer } = setup();
    const read = socket.read(buffer), delivered = fake.deliver(3, 4);
    await Promise.resolve();
    fake[end]!({ data: "text" });
    assertEquals([await read, await socket.read(buffer)], [7, null], end);
    await delivered;
  }
});

Deno.test("websocket socket: the memory of a large message is given back with its last byte", async () => {
  const { fake, socket } = setup(), buffer = new Uint8Array(60_000);
  const data = Uint8Array.from({ length: 100_000 }, (_, index) => index).buffer;
  fake.onmessage!({ data });
  assertEquals([await socket.read(buffer), data.detached], [60_000, false]);
  assertEquals([await socket.read(buffer), data.detached], [40_000, true]);
  assertEquals([...buffer.subarray(0, 3)], [60_000, 60_001, 60_002].map((index) => index & 255));
});
