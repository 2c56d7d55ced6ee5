import { assert, assertEquals } from "@std/assert";
import { given } from "../../helpers/expected.ts";
import { Harness, PacketType, type RawClient } from "../../helpers/harness.ts";
import { denying } from "./hooks.ts";
import { expectDisconnects, packet } from "./reactions.ts";

const { PUBACK, PUBREC, PUBREL, PUBCOMP } = PacketType;

Deno.test("[v5 MQTT-3.4.2-1] [v5 MQTT-3.5.2-1] [v5 NOTE-22] PUBACK and PUBREC have a code of their table", async () => {
  await using harness = await Harness.start();
  const others = [0x01, 0x02, 0x11, 0x18, 0x81, 0x82, 0x86, 0x8f, 0x92, 0x95, 0x9a, 0xff];
  for (const code of others) {
    await expectDisconnects(harness, 0x82, [
      packet(0x40, `00 01 ${hexByte(code)}`),
      packet(0x50, `00 01 ${hexByte(code)}`),
    ]);
  }
  const client = await harness.connect();
  for (const code of [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]) {
    await client.send(packet(0x40, `00 01 ${hexByte(code)}`));
    await client.send(packet(0x50, `00 01 ${hexByte(code)}`));
    if (code < 0x80) await client.expect("62 03 00 01 92");
  }
  await client.expectNothing();
});

Deno.test("[v5 MQTT-3.6.2-1] [v5 MQTT-3.7.2-1] PUBREL and PUBCOMP have 0x00 or 0x92", async () => {
  await using harness = await Harness.start();
  for (const code of [0x01, 0x10, 0x80, 0x81, 0x91, 0x97, 0xff]) {
    await expectDisconnects(harness, 0x82, [
      packet(0x62, `00 01 ${hexByte(code)}`),
      packet(0x70, `00 01 ${hexByte(code)}`),
    ]);
  }
  const client = await harness.connect();
  await client.send("70 03 00 01 92", "70 03 00 01 00");
  await client.send("62 03 00 01 92");
  await client.expect("70 03 00 01 92");
});

Deno.test("[v5 MQTT-3.6.1-1] PUBREL has the flags 0010", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["60 02 00 01", "64 02 00 01", "6A 02 00 01"]);
  const client = await harness.connect();
  await client.subscribe("t", { qos: 2 });
  await harness.broker.publish("t", "x", { qos: 2 });
  await client.expectMessage("t", "x");
  await client.send("50 02 00 01");
  await client.expect("62 02 00 01");
});

Deno.test("[v5 MQTT-3.7.2-1] PUBCOMP tells whether the identifier was known", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("62 02 00 01");
  await client.expect("70 03 00 01 92");
  await client.send("34 07 00 01 't' 00 01 00 'x'");
  await client.expect("50 03 00 01 10");
  await client.send("62 02 00 01");
  await client.expect("70 02 00 01");
});

Deno.test("[v5 NOTE-47] identifiers that nobody knows", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("50 02 00 63");
  await client.expect("62 03 00 63 92");
  await client.send("62 02 00 63");
  await client.expect("70 03 00 63 92");
  await client.send("40 02 00 63", "70 02 00 63", "50 03 00 63 80");
  await client.expectNothing();
});

Deno.test("[v5 NOTE-47] an acknowledgement of the wrong kind settles nothing", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.subscribe("t", { qos: 2 });
  for (const qos of [1, 2] as const) await harness.broker.publish("t", "x", { qos });
  const first = (await client.expectMessage("t", "x", { qos: 1 })).packetId!;
  const second = (await client.expectMessage("t", "x", { qos: 2 })).packetId!;
  await client.send(packet(0x70, `00 0${first}`), packet(0x40, `00 0${second}`), packet(0x70, `00 0${second}`));
  await client.send(packet(0x50, `00 0${first}`));
  await client.expect({ type: PUBREL, packetId: first, reasonCode: 0x92 });
  assertEquals(harness.broker.info.inflight, 2);
});

Deno.test("[v5 NOTE-18] acknowledgements have Reason String and User Properties, nothing else", async () => {
  await using harness = await Harness.start();
  const headers = [0x40, 0x50, 0x62, 0x70];
  const others = ["01 01", "11 00 00 00 01", "15 00 01 'm'", "1C 00 01 's'", "23 00 01"];
  for (const header of headers) {
    await expectDisconnects(harness, 0x81, others.map((bytes) => withProperties(header, bytes)));
    await expectDisconnects(harness, 0x82, [withProperties(header, "1F 00 01 'r' 1F 00 01 'r'")]);
  }
  const client = await harness.connect();
  const both = "1F 00 01 'r' 26 00 01 'n' 00 01 'v' 26 00 01 'n' 00 01 'v'";
  for (const header of headers) await client.send(withProperties(header, both));
  await client.expect({ type: PUBREL, reasonCode: 0x92 });
  await client.expect({ type: PUBCOMP, reasonCode: 0x92 });
  await client.expectNothing();
});

function withProperties(header: number, properties: string): Uint8Array {
  const { length } = packet(0, properties);
  return packet(header, `00 01 00 ${hexByte(length - 2)} ${properties}`);
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** Adds the same explanations to every packet. */
function explaining() {
  return {
    id: "explaining",
    onPacketEncode(_: unknown, sent: { type: number; properties?: object }) {
      if (sent.type === PacketType.PUBLISH || sent.type === PacketType.PINGRESP) return undefined;
      if (sent.type === PacketType.CONNACK) return { ...sent, properties: undefined }; // and be small
      const explanation = { reasonString: "a reason", userProperties: [["name", "value"]] };
      return { ...sent, properties: { ...sent.properties, ...explanation } };
    },
  } as never;
}

type Exchange = (client: RawClient) => Promise<void>;

/** Makes the broker send one kind of packet to clients with less and less room: 11 bytes for the reason, 14 for the property. */
async function expectLighter(type: number, exchange: Exchange, last = false): Promise<void> {
  await using harness = await Harness.start({ hooks: [denying("read", "write"), explaining()] });
  const reasonString = "a reason", userProperties = [["name", "value"]] as [string, string][];
  const whole = await measure(harness, type, exchange, 1_000);
  assertEquals(given(whole.properties), { reasonString, userProperties });
  const size = whole.bytes.length;
  const cases = [[size, { reasonString, userProperties }], [size - 1, { userProperties }], [size - 11, {
    userProperties,
  }], [size - 12, {}]] as const;
  for (const [maximumPacketSize, properties] of cases) {
    const answer = await measure(harness, type, exchange, maximumPacketSize);
    assert(answer.bytes.length <= maximumPacketSize);
    assertEquals(given(answer.properties), given(properties as never));
    assertEquals(answer.reasonCode, whole.reasonCode);
  }
  assertEquals(last, type === PacketType.DISCONNECT);
}

async function measure(harness: Harness, type: number, exchange: Exchange, maximumPacketSize: number) {
  const client = await harness.connect({ properties: { maximumPacketSize } });
  await exchange(client);
  return await client.expect({ type });
}

Deno.test("[v5 MQTT-3.4.2-2] [v5 MQTT-3.4.2-3] PUBACK explains itself as far as it fits", async () => {
  await expectLighter(PUBACK, (client) => client.send("32 0C 00 06 'denied' 00 01 00 'x'"));
});

Deno.test("[v5 MQTT-3.5.2-2] [v5 MQTT-3.5.2-3] PUBREC explains itself as far as it fits", async () => {
  await expectLighter(PUBREC, (client) => client.send("34 0C 00 06 'denied' 00 01 00 'x'"));
});

Deno.test("[v5 MQTT-3.6.2-2] [v5 MQTT-3.6.2-3] PUBREL explains itself as far as it fits", async () => {
  await expectLighter(PUBREL, (client) => client.send("50 02 00 01"));
});

Deno.test("[v5 MQTT-3.7.2-2] [v5 MQTT-3.7.2-3] PUBCOMP explains itself as far as it fits", async () => {
  await expectLighter(PUBCOMP, (client) => client.send("62 02 00 01"));
});

Deno.test("[v5 MQTT-3.9.2-1] [v5 MQTT-3.9.2-2] SUBACK explains itself as far as it fits", async () => {
  await expectLighter(PacketType.SUBACK, (client) => client.send("82 0C 00 01 00 00 06 'denied' 00"));
});

Deno.test("[v5 MQTT-3.11.2-1] [v5 MQTT-3.11.2-2] UNSUBACK explains itself as far as it fits", async () => {
  await expectLighter(PacketType.UNSUBACK, (client) => client.send("A2 06 00 01 00 00 01 't'"));
});

Deno.test("[v5 MQTT-3.14.2-3] [v5 MQTT-3.14.2-4] DISCONNECT explains itself as far as it fits", async () => {
  await expectLighter(PacketType.DISCONNECT, (client) => client.send("C1 00"), true);
});

Deno.test("[v5 MQTT-3.4.2-2] without a hook a refusal gives its reason, where it fits", async () => {
  await using harness = await Harness.start({ hooks: [denying("write")] });
  for (const [maximumPacketSize, explains] of [[1_000, true], [20, false]] as const) {
    const client = await harness.connect({ properties: { maximumPacketSize } });
    await client.send("32 0C 00 06 'denied' 00 01 00 'x'", "34 0C 00 06 'denied' 00 02 00 'x'");
    for (const type of [PUBACK, PUBREC]) {
      const { properties } = await client.expect({ type, reasonCode: 0x87 });
      assertEquals(properties?.reasonString !== undefined, explains);
    }
    await client.send("C1 00");
    const { properties } = await client.expectDisconnect(0x81);
    assertEquals(properties?.reasonString !== undefined, explains);
  }
});

Deno.test("[v5 NOTE-18] acknowledgements repeat the User Properties of what they answer only when told to", async () => {
  const userProperties: [string, string][] = [["n", "v"], ["n", "w"]];
  for (const inheritPropertiesOnAck of [undefined, false, true]) {
    await using harness = await Harness.start({ compatibilities: { inheritPropertiesOnAck } });
    const client = await harness.connect();
    const wanted = inheritPropertiesOnAck ? { userProperties } : {};
    for (const qos of [1, 2] as const) {
      await client.sendPublish("t", "x", { qos, packetId: 7, properties: { userProperties } });
      const answer = await client.expect({ type: qos === 1 ? PUBACK : PUBREC, packetId: 7 });
      assertEquals(given(answer.properties), wanted);
    }
    await client.send({ type: PUBREL, packetId: 7, reasonCode: 0, properties: { userProperties } });
    assertEquals(given((await client.expect({ type: PUBCOMP })).properties), wanted);
  }
});

Deno.test("obscureNotAuthorized leaves no Reason String that tells what is not to be told", async () => {
  for (const obscureNotAuthorized of [false, true]) {
    await using harness = await Harness.start({ compatibilities: { obscureNotAuthorized }, hooks: [denying("write")] });
    const client = await harness.connect(), reasonCode = obscureNotAuthorized ? 0x80 : 0x87;
    for (const [qos, type] of [[1, PUBACK], [2, PUBREC]] as const) {
      await client.sendPublish("denied", "x", { qos, packetId: 7 });
      const { properties } = await client.expect({ type, reasonCode });
      assertEquals(properties?.reasonString === undefined, obscureNotAuthorized);
    }
    const dying = await harness.open();
    await dying.sendConnect({ clientId: "dying", will: { topic: "denied" } });
    const { properties } = await dying.expectRefusal(reasonCode);
    assertEquals(properties?.reasonString === undefined, obscureNotAuthorized);
  }
});
