import { assert, assertEquals } from "@std/assert";
import { allowAll } from "../../../hooks/auth/allow_all.ts";
import type { Expected } from "../../helpers/expected.ts";
import { Harness, PacketType, type RawClient } from "../../helpers/harness.ts";
import { denying } from "./hooks.ts";
import { connectBytes, expectRefusals, packet } from "./reactions.ts";

/** The payload that makes a QoS 0 PUBLISH to `t` as large as that. */
function payloadFor(size: number, qos = 0): string {
  return "x".repeat(size - (qos === 0 ? 6 : 8));
}

Deno.test("[v5 MQTT-3.1.2-24] no packet is larger than the client's Maximum Packet Size", async () => {
  await using harness = await Harness.start();
  for (const qos of [0, 1, 2] as const) {
    const client = await harness.connect({ properties: { maximumPacketSize: 100 } });
    await client.subscribe("t", { qos });
    await harness.broker.publish("t", payloadFor(101, qos), { qos });
    await client.expectNothing();
    await harness.broker.publish("t", payloadFor(100, qos), { qos });
    const { bytes } = await client.next();
    assertEquals(bytes.length, 100);
  }
});

Deno.test("[v5 MQTT-3.1.2-24] what the broker adds counts: identifiers, expiry, aliases", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ properties: { maximumPacketSize: 140, topicAliasMaximum: 5 } });
  await client.subscribe("#", { identifier: 268_435_455 });
  for (let size = 1; size < 150; size++) { // the inbox checks what arrives
    const properties = { contentType: "x".repeat(size) };
    await harness.broker.publish("some/topic", "", { properties });
    await harness.broker.publish(`other/${size}`, "x", { properties });
  }
  await harness.settle();
  assert(client.received.some(({ bytes }) => bytes.length === 140));
});

Deno.test("[v5 MQTT-3.1.2-25] a message too large for the client is treated as delivered", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({
    cleanStart: false,
    properties: { maximumPacketSize: 100, receiveMaximum: 2, sessionExpiryInterval: 60 },
  });
  await client.subscribe("t", { qos: 2 });
  for (const qos of [1, 2] as const) {
    for (let count = 0; count < 5; count++) await harness.broker.publish("t", payloadFor(101, qos), { qos });
    await harness.broker.publish("t", "small", { qos });
    const { packetId } = await client.expectMessage("t", "small", { qos });
    if (qos === 1) await client.ack(PacketType.PUBACK, packetId!);
  }
  await client.expectNothing();
  assertEquals(harness.broker.info.inflight, 1);
  await client.cut();
  const again = await harness.connect({ cleanStart: false });
  await again.expectMessage("t", "small", { dup: true });
  await again.expectNothing();
});

Deno.test("[v5 MQTT-3.1.2-25] a queued message too large for the next connection is treated as delivered", async () => {
  await using harness = await Harness.start();
  const properties = { sessionExpiryInterval: 60 };
  const first = await harness.connect({ cleanStart: false, properties });
  await first.subscribe("t", { qos: 1 });
  await harness.broker.publish("t", "x".repeat(200), { qos: 1 });
  await first.expect({ type: PacketType.PUBLISH });
  await first.cut();
  for (const payload of ["x".repeat(200), "small"]) await harness.broker.publish("t", payload, { qos: 1 });
  const next = await harness.connect({ cleanStart: false, properties: { ...properties, maximumPacketSize: 100 } });
  await next.expectMessage("t", "small", { dup: false });
  await next.expectNothing();
  await next.cut();
  const last = await harness.connect({ cleanStart: false });
  await last.expectMessage("t", "small", { dup: true });
  await last.expectNothing();
});

Deno.test("[v5 MQTT-3.1.2-26] [v5 MQTT-3.3.2-11] aliases of the broker stay within the client's maximum", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ properties: { topicAliasMaximum: 2 } });
  await client.subscribe("t/#");
  for (const number of [1, 2, 3, 4, 5, 1, 1, 5, 2, 2]) { // the inbox checks every alias
    await harness.broker.publish(`t/${number}`, "x");
    await client.expectMessage(`t/${number}`, "x");
  }
  assert(client.received.some(({ properties }) => properties?.topicAlias === 2));
  assert(client.received.some(({ type, bytes }) => type === PacketType.PUBLISH && bytes[3] === 0));
});

Deno.test("[v5 MQTT-3.1.2-27] without Topic Alias Maximum, or with 0, the broker uses no alias", async () => {
  await using harness = await Harness.start();
  for (const properties of [undefined, { topicAliasMaximum: 0 }]) {
    const client = await harness.connect({ properties });
    await client.subscribe("t/#");
    for (let count = 0; count < 3; count++) {
      await harness.broker.publish("t/1", "x");
      await client.expect("30 07 00 03 't/1' 00 'x'");
    }
  }
});

Deno.test("[v5 MQTT-3.1.2-28] Response Information only for clients that ask", async () => {
  await using harness = await Harness.start({ responseInformation: "answers/{clientId}" });
  const told = async (requestResponseInformation?: number) => {
    const { connack } = await harness.connect({ clientId: "$&", properties: { requestResponseInformation } });
    return connack!.properties!.responseInformation;
  };
  assertEquals([await told(), await told(0), await told(1)], [undefined, undefined, "answers/$&"]);
});

/** Causes a failure in every kind of answer that can explain itself. */
async function provoke(client: RawClient): Promise<void> {
  const properties = "07 26 00 01 'n' 00 01 'v'";
  const exchange = async (header: number, body: string, expected: Expected) => {
    await client.send(packet(header, body));
    await client.expect(expected);
  };
  await exchange(0x32, `00 08 'denied/t' 00 01 ${properties}`, { type: PacketType.PUBACK, reasonCode: 0x87 });
  await exchange(0x34, `00 08 'denied/t' 00 02 ${properties}`, { type: PacketType.PUBREC, reasonCode: 0x87 });
  await exchange(0x32, `00 01 't' 00 03 ${properties}`, { type: PacketType.PUBACK, reasonCode: 0x10 });
  await exchange(0x34, `00 01 't' 00 04 ${properties}`, { type: PacketType.PUBREC, reasonCode: 0x10 });
  await exchange(0x62, `00 04 00 ${properties}`, { type: PacketType.PUBCOMP, reasonCode: 0 });
  await exchange(0x62, `00 63 00 ${properties}`, { type: PacketType.PUBCOMP, reasonCode: 0x92 });
  await exchange(0x50, `00 63 00 ${properties}`, { type: PacketType.PUBREL, reasonCode: 0x92 });
  await exchange(0x82, `00 05 ${properties} 00 08 'denied/t' 00`, { type: PacketType.SUBACK, reasonCodes: [0x87] });
  await exchange(0xa2, `00 06 ${properties} 00 08 'denied/t'`, { type: PacketType.UNSUBACK, reasonCodes: [0x11] });
}

Deno.test("[v5 MQTT-3.1.2-29] without Request Problem Information acknowledgements explain nothing", async () => {
  await using harness = await Harness.start({ hooks: [denying("read", "write"), explaining()] });
  const silent = await harness.connect({ clientId: "a", properties: { requestProblemInformation: 0 } });
  await provoke(silent); // the inbox checks what arrives
  const curious = await harness.connect({ clientId: "b", properties: { requestProblemInformation: 1 } });
  await provoke(curious);
  const explained = curious.received.filter(({ properties }) => properties?.reasonString !== undefined);
  assertEquals(new Set(explained.map(({ type }) => type)).size, 7);
});

/** Adds a reason to every packet that can have one. */
function explaining() {
  const { PUBLISH, PINGRESP } = PacketType;
  return {
    id: "explaining",
    onPacketEncode(_: unknown, packet: { type: number; properties?: object }) {
      if (packet.type === PUBLISH || packet.type === PINGRESP) return undefined;
      return { ...packet, properties: { ...packet.properties, reasonString: "because", userProperties: [["n", "v"]] } };
    },
  } as never;
}

Deno.test("[v5 MQTT-3.1.2-29] PUBLISH, CONNACK and DISCONNECT may explain themselves always", async () => {
  await using harness = await Harness.start({ hooks: [allowAll(), explaining()] });
  const client = await harness.connect({ properties: { requestProblemInformation: 0 } });
  assertEquals(client.connack!.properties!.reasonString, "because");
  await client.subscribe("t");
  const userProperties: [string, string][] = [["n", "v"]];
  await client.sendPublish("t", "x", { properties: { userProperties } });
  await client.expectMessage("t", "x", { properties: { userProperties } });
  await client.send("C1 00");
  const { properties } = await client.expectDisconnect(0x81);
  assertEquals(properties!.reasonString, "because");
});

Deno.test("[v5 NOTE-6] [v5 NOTE-7] [v5 NOTE-8] values that a CONNECT may not have", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x82, [
    connectBytes({ properties: "21 00 00" }),
    connectBytes({ properties: "27 00 00 00 00" }),
    connectBytes({ properties: "17 02" }),
    connectBytes({ properties: "19 02" }),
    connectBytes({ properties: "19 FF" }),
  ]);
});

Deno.test("[v5 NOTE-6] without Receive Maximum as many messages as there are identifiers may be open", async () => {
  await using harness = await Harness.start({ capabilities: { maximumInflight: 65_535 } });
  const client = await harness.connect();
  await client.subscribe("t", { qos: 1 });
  for (let count = 0; count < 1_000; count++) await harness.broker.publish("t", "x", { qos: 1 });
  await harness.settle();
  assertEquals(client.received.filter(({ type }) => type === PacketType.PUBLISH).length, 1_000);
});

Deno.test("[v5 NOTE-7] without Maximum Packet Size packets may be as large as the broker takes them", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.subscribe("t");
  await client.sendPublish("t", "x".repeat(1_000_000));
  await client.expectMessage("t", "x".repeat(1_000_000));
});

Deno.test("[v5 NOTE-3] a property that is there twice is a protocol error", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x82, [
    connectBytes({ properties: "21 00 01 21 00 01" }),
    connectBytes({ properties: "27 00 00 01 00 27 00 00 01 00" }),
    connectBytes({ properties: "15 00 01 'm' 15 00 01 'm'" }),
  ]);
  const client = await harness.connect();
  await client.send("30 08 00 01 't' 04 01 01 01 01");
  await client.expectDisconnect(0x82);
});

Deno.test("[v5 NOTE-14] properties that do not belong into CONNECT are malformed", async () => {
  await using harness = await Harness.start();
  await expectRefusals(
    harness,
    0x81,
    [
      "01 00",
      "02 00 00 00 01",
      "0B 01",
      "12 00 01 'a'",
      "18 00 00 00 01",
      "1F 00 01 'r'",
      "23 00 01",
      "24 01",
      "7F 00",
      "00",
    ]
      .map((properties) => connectBytes({ properties })),
  );
  const everything =
    "11 00 00 00 3C 17 01 19 01 21 00 05 22 00 05 26 00 01 'n' 00 01 'v' 26 00 01 'n' 00 01 'v' 27 00 01 00 00";
  const client = await harness.open();
  await client.send(connectBytes({ properties: everything }));
  await client.expect("20 .. 00 00 *");
});
