import { assertEquals } from "@std/assert";
import type { Hook } from "../../../src/hook/hook.ts";
import { MqttError } from "../../../src/packets/errors.ts";
import type { AuthPacket } from "../../../src/packets/types.ts";
import { given } from "../../helpers/expected.ts";
import { Harness, PacketType, type RawClient } from "../../helpers/harness.ts";
import { connectBytes, expectDisconnects, expectRefusals, packet } from "./reactions.ts";

const text = new TextDecoder(), bytes = (value: string) => new TextEncoder().encode(value);

/**
 * A method `sum`, also under two other names, of two steps: the server sends `?`, the right answer is `42`; data `now` in the first step is enough, `stop`
 * is refused.
 */
function sum(): Hook {
  return {
    id: "sum",
    onAclCheck: () => true,
    onAuthPacket(_client, { properties }) {
      if (!["sum", "SUM", "other"].includes(properties!.authenticationMethod!)) return undefined;
      const reply = (reasonCode: number, data: string): AuthPacket => (
        { type: PacketType.AUTH, reasonCode, properties: { authenticationData: bytes(data) } }
      );
      switch (text.decode(properties!.authenticationData)) {
        case "42":
          return reply(0x00, "well done");
        case "now":
          return reply(0x00, "");
        case "":
          return reply(0x18, "?");
        case "stop":
          throw new MqttError(0x8a, "no");
        default:
          throw new MqttError(0x87, "wrong answer");
      }
    },
  };
}

const METHOD = "15 00 03 'sum'";

function authBytes(reasonCode: string, properties: string): Uint8Array {
  const { length } = packet(0, properties);
  return packet(0xf0, `${reasonCode} ${(length - 2).toString(16).padStart(2, "0")} ${properties}`);
}

const ANSWER = authBytes("18", `${METHOD} 16 00 02 '42'`);

/** A client that the server has asked. */
async function asked(harness: Harness): Promise<RawClient> {
  const client = await harness.open();
  await client.send(connectBytes({ properties: METHOD }));
  await client.expect("F0 0C 18 0A 15 00 03 'sum' 16 00 01 '?'");
  return client;
}

/** A client that has authenticated itself. */
async function authenticated(harness: Harness): Promise<RawClient> {
  const client = await asked(harness);
  await client.send(ANSWER);
  await client.expect({ type: PacketType.CONNACK, reasonCode: 0 });
  return client;
}

Deno.test("[v5 MQTT-4.12.0-1] a method that nobody knows is refused", async () => {
  await using none = await Harness.start();
  await expectRefusals(none, 0x8c, [connectBytes({ properties: "15 00 01 78" })]);
  await using harness = await Harness.start({ hooks: [sum()] });
  await expectRefusals(harness, 0x8c, [
    connectBytes({ properties: "15 00 01 78" }),
    connectBytes({ properties: "15 00 00" }),
  ]);
});

Deno.test("[v5 MQTT-4.12.0-2] [v5 MQTT-4.12.0-5] the server asks with AUTH 0x18, and the method goes through to CONNACK", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  const client = await asked(harness);
  await client.send(ANSWER);
  const { properties } = await client.expect({ type: PacketType.CONNACK, reasonCode: 0 });
  assertEquals(properties!.authenticationMethod, "sum");
  assertEquals(text.decode(properties!.authenticationData), "well done");
  await client.expectNothing();
});

Deno.test("[v5 MQTT-4.12.0-2] without further questions CONNACK follows at once", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  const client = await harness.open();
  await client.send(connectBytes({ properties: `${METHOD} 16 00 03 'now'` }));
  const { properties } = await client.expect({ type: PacketType.CONNACK, reasonCode: 0 });
  assertEquals(properties!.authenticationMethod, "sum");
});

Deno.test("[v5 MQTT-4.12.0-3] [v5 MQTT-3.15.2-1] the answer is AUTH 0x18", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  for (const wrong of ["19", "00", "01", "80"].map((code) => authBytes(code, `${METHOD} 16 00 02 '42'`))) {
    const client = await asked(harness);
    await client.send(wrong);
    await client.expectRefusal(0x82);
  }
});

Deno.test("[v5 MQTT-4.12.0-4] the server may say no at any step", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  await expectRefusals(harness, 0x8a, [connectBytes({ properties: `${METHOD} 16 00 04 'stop'` })]);
  const client = await asked(harness);
  await client.send(authBytes("18", `${METHOD} 16 00 02 '43'`));
  await client.expectRefusal(0x87);
});

Deno.test("[v5 MQTT-4.12.0-4] a hook that fails lets nobody in", async () => {
  const broken: Hook = { id: "broken", onAuthPacket: () => Promise.reject(new Error("down")) };
  await using harness = await Harness.start({ hooks: [broken], errorsExpected: true });
  await expectRefusals(harness, 0x83, [connectBytes({ properties: METHOD })]);
});

Deno.test("[v5 MQTT-4.12.0-5] the client keeps to its method", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  const other = authBytes("18", "15 00 03 'SUM' 16 00 02 '42'");
  const early = await asked(harness);
  await early.send(other);
  await early.expectRefusal(0x8c);
});

Deno.test("[v5 MQTT-4.12.0-6] without a method there is no AUTH and none in CONNACK", async () => {
  await using harness = await Harness.start();
  const { connack } = await harness.connect();
  assertEquals(connack!.properties!.authenticationMethod, undefined);
  assertEquals(connack!.properties!.authenticationData, undefined);
});

Deno.test("[v5 MQTT-4.12.0-7] [v5 MQTT-3.15.2-1] without a method a client sends no AUTH", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, [
    "F0 00",
    "F0 02 18 00",
    "F0 02 19 00",
    authBytes("19", METHOD),
    authBytes("00", METHOD),
  ]);
});

Deno.test("[v5 MQTT-3.15.1-1] AUTH has the flags 0000", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  await expectDisconnects(harness, 0x81, ["F1 00"]).catch(() => {}); // this hook lets nobody in without a method
  const client = await authenticated(harness);
  await client.send("F1 00");
  await client.expectDisconnect(0x81);
  const early = await asked(harness);
  await early.send("F2 00");
  await early.expectRefusal(0x81);
});

Deno.test("[v5 MQTT-3.1.2-30] before CONNACK there is nothing but AUTH and DISCONNECT", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  for (const wrong of ["C0 00", "30 05 00 01 't' 00 'x'", "82 07 00 01 00 00 01 't' 00", connectBytes()]) {
    const client = await asked(harness);
    await client.send(wrong);
    await client.expectRefusal(0x82);
  }
  const leaving = await asked(harness);
  await leaving.send("E0 00");
  await leaving.expectClosed();
  assertEquals(harness.broker.clients.size, 0);
});

Deno.test("[v5 NOTE-10] [v5 NOTE-11] data without a method, and AUTH without a method", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  await expectRefusals(harness, 0x82, [connectBytes({ properties: "16 00 01 'x'" })]);
  const early = await asked(harness);
  await early.send(authBytes("18", "16 00 02 '42'"));
  await early.expectRefusal(0x82);
  const late = await authenticated(harness);
  await late.send(authBytes("19", "16 00 02 '42'"));
  await late.expectDisconnect(0x82);
});

Deno.test("[v5 NOTE-21] which properties AUTH has", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  for (
    const [wrong, reasonCode] of [["11 00 00 00 01", 0x81], ["23 00 01", 0x81], ["1C 00 01 's'", 0x81], [
      METHOD,
      0x82,
    ]] as const
  ) {
    const client = await asked(harness);
    await client.send(authBytes("18", `${METHOD} ${wrong}`));
    await client.expectRefusal(reasonCode);
  }
  const client = await asked(harness);
  await client.send(
    authBytes("18", `${METHOD} 16 00 02 '42' 1F 00 01 'r' 26 00 01 'n' 00 01 'v' 26 00 01 'n' 00 01 'v'`),
  );
  await client.expect({ type: PacketType.CONNACK, reasonCode: 0 });
});

Deno.test("[v5 MQTT-4.12.1-1] a new authentication has the method of the first one", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  const client = await authenticated(harness);
  await client.send(authBytes("19", "15 00 05 'other'"));
  await client.expectDisconnect(0x8c);
});

Deno.test("[v5 MQTT-4.12.1-2] [v5 NOTE-53] [v5 MQTT-3.2.0-2] a new authentication succeeds while everything goes on", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  const client = await authenticated(harness);
  for (let time = 0; time < 2; time++) {
    await client.send(authBytes("19", METHOD));
    await client.expect({ type: PacketType.AUTH, reasonCode: 0x18 });
    await client.send("C0 00");
    await client.expect("D0 00");
    await client.subscribe("t");
    await client.sendPublish("t", "x");
    await client.expectMessage("t", "x");
    await client.send(ANSWER);
    const { properties } = await client.expect({ type: PacketType.AUTH, reasonCode: 0 });
    assertEquals(properties!.authenticationMethod, "sum");
  }
  await client.expectNothing(); // the inbox complains of a second CONNACK
});

Deno.test("[v5 MQTT-4.12.1-2] a new authentication that fails ends the connection", async () => {
  await using harness = await Harness.start({ hooks: [sum()] });
  const wrong = await authenticated(harness);
  await wrong.send(authBytes("19", METHOD));
  await wrong.expect({ type: PacketType.AUTH, reasonCode: 0x18 });
  await wrong.send(authBytes("18", `${METHOD} 16 00 02 '43'`));
  await wrong.expectDisconnect(0x87);
  const out = await authenticated(harness);
  await out.send(ANSWER); // nothing was asked
  await out.expectDisconnect(0x82);
});

Deno.test("[v5 MQTT-3.15.2-2] [v5 MQTT-3.15.2-3] AUTH explains itself as far as it fits", async () => {
  const reasonString = "a reason", userProperties = [["name", "value"]] as [string, string][];
  const explaining: Hook = {
    id: "explaining",
    onPacketEncode: (_client, sent) => (
      sent.type === PacketType.AUTH
        ? { ...sent, properties: { ...sent.properties, reasonString, userProperties } }
        : undefined
    ),
  };
  await using harness = await Harness.start({ hooks: [sum(), explaining] });
  const all = { reasonString, userProperties };
  for (
    const [size, explanation] of [[39, all], [38, { userProperties }], [28, { userProperties }], [27, {}]] as const
  ) {
    const client = await harness.open();
    await client.send(connectBytes({ properties: `${METHOD} 27 00 00 00 ${size.toString(16)}` }));
    const { authenticationMethod: _, authenticationData: __, ...rest } = (await client.next()).properties!;
    assertEquals(given(rest), given(explanation as never));
  }
});
