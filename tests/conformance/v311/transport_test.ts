import { assertEquals } from "@std/assert";
import { hex } from "../../packets/bytes.ts";
import { settle } from "../../helpers/fake_clock.ts";
import { RawWebSocket } from "../../helpers/raw_websocket.ts";
import { overMemory, overTcp, overWebSocket } from "../../helpers/transports.ts";
import { C4, start, subscriber } from "./harness.ts";

/** What one client does, from CONNECT to DISCONNECT. */
const STORY = hex(`${C4} 82 06 00 01 00 01 't' 02 30 04 00 01 't' '0' 32 06 00 01 't' 00 02 '1'
  34 06 00 01 't' 00 03 '2' 62 02 00 03 A2 05 00 04 00 01 't' C0 00 E0 00`);

/** What it hears, the messages left out, which may come at any time. */
const ANSWERS = ["20 02 00 00", "90 03 00 01 02", "40 02 00 02", "50 02 00 03", "70 02 00 03", "B0 02 00 04", "D0 00"];

for (
  const [name, transport] of Object.entries({
    memory: overMemory,
    TCP: overTcp,
    WebSocket: () => overWebSocket(),
  })
) {
  Deno.test(`[v311 MQTT-7.1.1-1] ${name} carries packets that are split at any byte`, async () => {
    await using harness = await start({ transport: transport() });
    for (let at = 0; at <= STORY.length; at++) {
      const client = await harness.open();
      await client.send(STORY.subarray(0, at));
      if (at % 10 === 0) await settle();
      await client.send(STORY.subarray(at));
      const messages: string[] = [];
      for (const answer of ANSWERS) {
        let packet = await client.next();
        for (; packet.topic !== undefined; packet = await client.next()) {
          messages.push(new TextDecoder().decode(packet.payload));
        }
        assertEquals(packet.bytes, hex(answer), `split at ${at}`);
      }
      assertEquals(messages, ["0", "1", "2"]);
      await client.expectClosed();
    }
  });
}

/** A broker with a WebSocket, and its address. */
async function webSocket(): Promise<{ harness: Awaited<ReturnType<typeof start>>; address: string } & AsyncDisposable> {
  const transport = overWebSocket();
  const harness = await start({ transport });
  return { harness, address: transport.listener.address, [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose]() };
}

Deno.test("[v311 MQTT-6.0.0-1] MQTT travels in binary frames, a text frame ends the connection", async () => {
  await using scene = await webSocket();
  const witness = await subscriber(scene.harness, 0, { filter: "w" });
  using client = await RawWebSocket.open(scene.address);
  await client.send(hex("10 13 00 04 'MQTT' 04 06 00 3C 00 01 'a' 00 01 'w' 00 01 'x'"));
  const connack = await client.receive();
  assertEquals([connack!.opcode, connack!.payload], [2, hex("20 02 00 00")]);
  await client.send(hex("30 03 00 01 'w'"), { opcode: 1 }); // the runtime ends text that is no UTF-8 without a status
  assertEquals(await client.closeCode(), 1003);
  await witness.expectMessage("w", "x");
});

Deno.test("[v311 MQTT-6.0.0-2] packets and frames have nothing to do with each other", async () => {
  await using scene = await webSocket();
  using client = await RawWebSocket.open(scene.address);
  for (const part of [hex(C4).subarray(0, 1), hex(C4).subarray(1, 8), hex(C4).subarray(8)]) await client.send(part);
  await client.send(hex("82 06 00 01 00 01 't' 00 C0 00"));
  let received = "";
  while (!received.endsWith("d000")) received += (await client.receive())!.payload.toHex();
  assertEquals(received, "20020000" + "9003000100" + "d000");
});

Deno.test("[v311 MQTT-6.0.0-3] a client offers the subprotocol mqtt, or mqttv3.1", async () => {
  await using scene = await webSocket();
  for (const protocols of [[], ["MQTT"], ["mqtt3"], ["soap", "wamp"]]) {
    assertEquals((await RawWebSocket.request(scene.address, { protocols })).status, 400);
  }
  using old = await RawWebSocket.open(scene.address, { protocols: ["mqttv3.1"] });
  assertEquals(old.protocol, "mqttv3.1");
  await old.send(hex("10 0F 00 06 'MQIsdp' 03 02 00 3C 00 01 'a'"));
  assertEquals((await old.receive())!.payload, hex("20 02 00 00"));
});

Deno.test("[v311 MQTT-6.0.0-4] the server chooses the subprotocol mqtt", async () => {
  await using scene = await webSocket();
  for (const protocols of [["mqtt"], ["mqttv3.1", "mqtt"], ["soap", "mqtt"]]) {
    using client = await RawWebSocket.open(scene.address, { protocols });
    assertEquals([client.response.status, client.protocol], [101, "mqtt"]);
  }
});
