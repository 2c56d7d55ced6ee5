import { assertEquals } from "@std/assert";
import type { Hook } from "../../../src/hook/hook.ts";
import { MqttError } from "../../../src/packets/errors.ts";
import type { Harness, RawClient } from "../../helpers/harness.ts";
import { denying, login } from "../v5/hooks.ts";
import { C4, expectAnswers, expectCloses, start, stored, subscriber } from "./harness.ts";

Deno.test("[v311 MQTT-3.12.4-1] every PINGREQ is answered", async () => {
  await using harness = await start();
  const client = await harness.connect();
  await client.send("C0 00", "C0 00", "C0 00");
  for (let pong = 0; pong < 3; pong++) await client.expect("D0 00");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.14.1-1] DISCONNECT has no flags, and one that has is none: the will is published", async () => {
  await using harness = await start();
  const flags = Array.from({ length: 15 }, (_, index) => `E${(index + 1).toString(16)} 00`);
  await expectCloses(harness, ["E1 00", ...flags]);
});

Deno.test("[v311 MQTT-3.14.4-1] the broker closes after DISCONNECT, whether the client does or not", async () => {
  for (const passiveClientDisconnect of [false, true]) {
    await using harness = await start({ compatibilities: { passiveClientDisconnect } });
    const client = await harness.connect();
    await client.send("E0 00");
    await client.expectClosed();
    assertEquals(harness.broker.info.clientsConnected, 0);
  }
});

Deno.test("[v311 MQTT-3.14.4-2] what follows DISCONNECT is ignored", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "#" });
  const client = await harness.connect(stored);
  await client.send("E0 00 C0 00", "31 04 00 01 't' 'x'", "82 06 00 01 00 01 't' 00", C4, "C1 00");
  await client.expectClosed();
  await witness.expectNothing();
  await harness.broker.publish("t", "y", { qos: 1 });
  await witness.expectMessage("t", "y");
  await (await harness.connect(stored)).expectNothing();
});

Deno.test("[v311 MQTT-3.14.4-3] DISCONNECT drops the will", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "#" });
  const client = await harness.open();
  await client.send("10 13 00 04 'MQTT' 04 06 00 3C 00 01 'a' 00 01 'w' 00 01 'x'");
  await client.expect("20 02 00 00");
  await client.send("E0 00");
  await client.expectClosed();
  await harness.advance(1_000_000);
  await witness.expectNothing();
});

Deno.test("[v311 MQTT-4.8.0-1] a violation ends the connection on which it came, and no other", async () => {
  await using harness = await start();
  const bystander = await subscriber(harness, 1, { clientId: "bystander" });
  await expectCloses(harness, ["36 06 00 01 't' 00 01 'x'", "30 04 00 01 '#' 'x'", "82 02 00 01", "F0 00", C4]);
  await harness.broker.publish("t", "x", { qos: 1 });
  await bystander.expectMessage("t", "x");
});

Deno.test("[v311 MQTT-4.8.0-1] a packet above the limit ends the connection", async () => {
  await using harness = await start({ capabilities: { maximumPacketSize: 100 } });
  const client = await subscriber(harness, 0);
  await client.publish("t", "x".repeat(95)).catch(() => {});
  await client.expectMessage("t", "x".repeat(95));
  await expectCloses(harness, ["30 63 00 01 't'"]);
});

/** A hook that everything goes well with but one event; notes why connections ended. */
function failing(event: keyof Hook): { hook: Hook; reasons: number[] } {
  const reasons: number[] = [];
  const hook = {
    ...{ ...denying(), id: "failing", durable: true },
    onDisconnect: (_client: unknown, { reasonCode }: { reasonCode: number }) => void reasons.push(reasonCode),
    [event]: () => Promise.reject(new Error("disk full")),
  };
  return { hook: hook as Hook, reasons };
}

Deno.test("[v311 MQTT-4.8.0-2] what cannot be stored is not acknowledged, and ends the connection", async () => {
  const cases: [keyof Hook, string[]][] = [
    ["onQosPublish", ["32 06 00 01 't' 00 01 'x'", "34 06 00 01 't' 00 01 'x'", "34 06 00 01 'u' 00 01 'x'"]],
    ["onRetainMessage", ["33 06 00 01 'u' 00 01 'x'", "35 06 00 01 'u' 00 01 'x'"]],
    ["onSubscribed", ["82 06 00 01 00 01 'u' 00"]],
    ["onUnsubscribed", ["A2 05 00 01 00 01 't'"]],
  ];
  for (const [event, packets] of cases) {
    const { hook, reasons } = failing(event);
    await using harness = await start({ hooks: [hook], errorsExpected: true });
    if (event === "onQosPublish") await away(harness);
    for (const sent of packets) {
      const client = await harness.connect({ clientId: "a", cleanStart: true });
      if (event === "onUnsubscribed") await client.subscribe("t");
      await client.send(sent);
      await client.expectClosed();
      assertEquals(reasons.at(-1), 0x83);
    }
  }
});

async function away(harness: Harness): Promise<void> {
  const client = await harness.connect(stored);
  await client.subscribe("t", { qos: 1 });
  await client.cut();
}

Deno.test("[v311 MQTT-4.8.0-2] so does PUBREL, and CONNECT whose session cannot be stored", async () => {
  const { hook, reasons } = failing("onQosComplete");
  await using harness = await start({ hooks: [hook], errorsExpected: true });
  const client = await harness.connect();
  await client.send("34 06 00 01 't' 00 01 'x'");
  await client.expect("50 02 00 01");
  await client.send("62 02 00 01");
  await client.expectClosed();
  assertEquals(reasons, [0x83]);
  await using other = await start({ hooks: [failing("onSessionEstablished").hook], errorsExpected: true });
  await expectAnswers(other, ["10 0D 00 04 'MQTT' 04 00 00 3C 00 01 'a'"], "20 02 00 03");
});

Deno.test("[v311 MQTT-4.8.0-2] a message that a limit keeps out is not acknowledged either", async () => {
  await using harness = await start({ capabilities: { maximumRetainedMessages: 1 } });
  const witness = await subscriber(harness, 0, { filter: "#" });
  await harness.broker.publish("kept", "x", { retain: true });
  await witness.expectMessage("kept", "x");
  for (const sent of ["33 06 00 01 't' 00 01 'x'", "35 06 00 01 't' 00 01 'x'"]) {
    const client = await harness.connect();
    await client.send(sent);
    await client.expectClosed();
  }
  const client = await harness.connect();
  await client.send("31 04 00 01 't' 'x'");
  await client.expectNothing();
  await client.send("33 09 00 04 'kept' 00 01 'y'");
  await client.expect("40 02 00 01");
  await witness.expectMessage("kept", "y");
});

Deno.test("[v311 MQTT-4.8.0-2] a message that a hook refuses is acknowledged, unless it may be taken another time", async () => {
  let code = 0;
  const hook = {
    ...denying(),
    onPublish() {
      throw new MqttError(code, "no");
    },
  };
  await using harness = await start({ hooks: [hook as never] });
  for (code of [0x80, 0x87, 0x90, 0x99]) {
    const client = await harness.connect();
    await client.send("32 06 00 01 't' 00 01 'x'");
    await client.expect("40 02 00 01");
  }
  for (code of [0x83, 0x97]) {
    const client = await harness.connect();
    await client.send("32 06 00 01 't' 00 01 'x'");
    await client.expectClosed();
  }
});

Deno.test("[v311 NOTE-2] whatever ends a connection, there is no DISCONNECT and no AUTH", async () => {
  for (const protocolVersion of [4, 3] as const) {
    await using harness = await start({ hooks: [login()], capabilities: { maximumPacketSize: 1_000 } });
    const endings: ((client: RawClient) => unknown)[] = [
      (client) => client.send("C1 00"),
      (client) => client.send("30 FF 7F"),
      (client) => client.send("30 04 00 01 '#' 'x'"),
      (client) => client.send("F0 02 19 00"),
      () => harness.clock.advance(90_001),
      () => harness.connect({ protocolVersion }),
      () => harness.broker.clients.disconnect("a"),
      () => harness.close(),
    ];
    for (const end of endings) {
      const client = await harness.connect({ protocolVersion, keepAlive: 60 });
      await end(client);
      await client.expectClosed();
      assertEquals(client.received.map(({ bytes }) => bytes[0]), [0x20]);
    }
  }
});
