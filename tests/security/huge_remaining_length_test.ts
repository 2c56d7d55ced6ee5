import { assertEquals } from "@std/assert";
import { hex } from "../packets/bytes.ts";
import { Harness } from "../helpers/harness.ts";
import { expectMemory, expectServed, pause, rawSocket, writeAll } from "./attackers.ts";

Deno.test("a thousand connections that announce 256 MiB and fall silent cost next to nothing", async () => {
  await using harness = await Harness.start();
  const sockets = Array.from({ length: 1_000 }, () => rawSocket(harness));
  await expectMemory(40_000_000, async () => {
    for (const socket of sockets) await writeAll(socket, hex("10 FF FF FF 7F"));
    await pause(20);
  });
  for (const socket of sockets) assertEquals(await socket.read(new Uint8Array(8)), null, "closed at once");
  for (const socket of sockets) socket.close();
  await expectServed(harness);
});

Deno.test("a length within the limits costs what arrives, not what is announced", async () => {
  await using harness = await Harness.start({ capabilities: { maximumPacketSize: 268_435_460 } });
  const sockets = Array.from({ length: 200 }, () => rawSocket(harness));
  await expectMemory(40_000_000, async () => {
    for (const [index, socket] of sockets.entries()) {
      const id = String(index).padStart(3, "0");
      await writeAll(socket, hex(`10 0F 00 04 'MQTT' 04 02 00 00 00 03 '${id}' 30 FF FF FF 7F 00 01 't'`));
    }
    await pause(20);
  });
  assertEquals(harness.broker.info.clientsConnected, 200);
  await expectServed(harness);
  for (const socket of sockets) socket.close();
});

Deno.test("a CONNECT is limited before it is read, whatever packets may be later", async () => {
  await using harness = await Harness.start({ capabilities: { maximumPacketSize: 268_435_460 } });
  const socket = rawSocket(harness);
  await writeAll(socket, hex("10 81 80 04")); // 65,537 bytes
  assertEquals(await socket.read(new Uint8Array(8)), null);
  socket.close();
});
