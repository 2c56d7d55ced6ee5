import { assertEquals } from "@std/assert";
import { Harness, PacketType } from "../../helpers/harness.ts";
import { login, refusing } from "./hooks.ts";
import { connectBytes, expectCloses, expectRefusals, packet } from "./reactions.ts";

const WRONG_PASSWORD = { username: "user", password: "wrong" };

Deno.test("[v5 MQTT-3.1.4-1] a CONNECT that does not fit its format is refused", async () => {
  await using harness = await Harness.start();
  const whole = connectBytes({ flags: "C6", payload: "00 01 'a' 00 00 01 'w' 00 01 'x' 00 01 'u' 00 01 'p'" });
  const truncated = Array.from({ length: whole.length - 9 }, (_, cut) => whole.slice(0, 9 + cut)).map(withLength);
  await expectRefusals(harness, 0x81, truncated);
  await expectRefusals(harness, 0x81, [
    connectBytes({ payload: "00 01 'a' 00" }),
    connectBytes({ flags: "07" }),
    connectBytes({ properties: "23 00 01" }),
    connectBytes({ properties: "11 00 00 00" }),
    connectBytes({ header: 0x12 }),
  ]);
  await expectRefusals(harness, 0x82, [
    connectBytes({ properties: "11 00 00 00 01 11 00 00 00 01" }),
    connectBytes({ properties: "21 00 00" }),
  ]);
});

function withLength(bytes: Uint8Array): Uint8Array {
  const shorter = bytes.slice();
  shorter[1] = bytes.length - 2;
  return shorter;
}

Deno.test("[v5 MQTT-3.1.4-2] a wrong password is refused", async () => {
  await using harness = await Harness.start({ hooks: [login()] });
  const client = await harness.open();
  await client.sendConnect(WRONG_PASSWORD);
  await client.expectRefusal(0x86);
  await harness.connect({ username: "user", password: "secret" });
});

Deno.test("[v5 MQTT-3.1.4-2] an authenticator chooses the reason code", async () => {
  for (const reasonCode of [0x80, 0x83, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x95, 0x97, 0x9c, 0x9d, 0x9f]) {
    await using harness = await Harness.start({ hooks: [refusing(reasonCode)] });
    await expectRefusals(harness, reasonCode, [connectBytes()]);
  }
});

Deno.test("[v5 MQTT-3.1.4-2] nobody is let in when no hook answers, or when it fails", async () => {
  await using silent = await Harness.start({ hooks: [] });
  await expectRefusals(silent, 0x86, [connectBytes()]);
  const broken = { id: "broken", onConnectAuthenticate: () => Promise.reject(new Error("down")) };
  await using failing = await Harness.start({ hooks: [broken], errorsExpected: true });
  await expectRefusals(failing, 0x86, [connectBytes()]);
});

Deno.test("[v5 MQTT-3.1.4-2] more clients than the broker takes are told that the quota is exceeded", async () => {
  await using harness = await Harness.start({ capabilities: { maximumClients: 1 } });
  const first = await harness.connect("a");
  await expectRefusals(harness, 0x97, [connectBytes({ payload: "00 01 'b'" })]);
  await first.disconnect();
  await harness.connect("b");
});

Deno.test("[v5 MQTT-3.1.4-2] more connections a second than allowed are closed", async () => {
  await using harness = await Harness.start({ capabilities: { maximumConnectionRate: 2 } });
  await harness.connect("a");
  await harness.connect("b");
  await expectCloses(harness, [connectBytes({ payload: "00 01 'c'" })]);
  await harness.advance(1_000);
  await harness.connect("c");
});

Deno.test("[v5 MQTT-3.1.4-3] a new connection takes the ClientID over", async () => {
  await using harness = await Harness.start();
  const old = await harness.connect("a");
  const now = await harness.connect("a");
  await old.expectDisconnect(0x8e);
  assertEquals(now.connack!.reasonCode, 0);
  await now.expectNothing();
});

Deno.test("[v5 MQTT-3.1.4-3] the refused CONNECT of somebody else takes nothing over", async () => {
  await using harness = await Harness.start({ hooks: [login()] });
  const old = await harness.connect("a");
  const other = await harness.open();
  await other.sendConnect({ clientId: "a", ...WRONG_PASSWORD });
  await other.expectRefusal(0x86);
  await old.expectNothing();
});

Deno.test("[v5 MQTT-3.1.4-4] [v5 MQTT-3.1.4-5] an accepted CONNECT is answered, Clean Start done", async () => {
  await using harness = await Harness.start();
  const properties = { sessionExpiryInterval: 60 };
  const states = [];
  for (const cleanStart of [false, false, true, false]) {
    const client = await harness.open();
    await client.sendConnect({ cleanStart, properties });
    const { bytes } = await client.expect({ type: PacketType.CONNACK });
    states.push(`${bytes[2]} ${bytes[3]}`);
    await client.cut();
  }
  assertEquals(states, ["0 0", "1 0", "0 0", "1 0"]);
});

Deno.test("[v5 MQTT-3.1.4-6] nothing behind a refused CONNECT is acted on", async () => {
  await using harness = await Harness.start({ hooks: [login()] });
  const refused = connectBytes({ flags: "C2", payload: "00 01 'b' 00 01 'u' 00 01 'p'" });
  const retained = packet(0x31, "00 01 't' 00 'x'");
  const client = await harness.open();
  await client.send(refused, retained, "C0 00");
  await client.expectRefusal(0x86);
  const other = await harness.connect("other");
  await other.subscribe("t");
  await other.expectNothing();
});

Deno.test("[v5 NOTE-36] packets right behind CONNECT are handled after it", async () => {
  const slow = { id: "slow", onConnectAuthenticate: () => Promise.resolve(true), onAclCheck: () => true };
  for (const hooks of [undefined, [slow]]) {
    await using harness = await Harness.start({ hooks });
    const client = await harness.open();
    await client.send(connectBytes(), "82 07 00 01 00 00 01 't' 00", "C0 00", "30 05 00 01 't' 00 'x'");
    await client.expect("20 .. 00 00 *");
    await client.expect("90 04 00 01 00 00");
    await client.expect("D0 00");
    await client.expect("30 05 00 01 't' 00 'x'");
  }
});

Deno.test("[v5 NOTE-35] a connection without CONNECT is closed after the time that it has", async () => {
  await using harness = await Harness.start({ connectTimeout: 10 });
  const silent = await harness.open(), slow = await harness.open();
  await slow.send("10 0E 00 04");
  await harness.clock.advance(9_999);
  await slow.send("'MQTT'");
  await harness.clock.advance(1);
  await silent.expectClosed();
  await slow.expectClosed();
});
