import { assertEquals } from "@std/assert";
import type { Hook } from "../../../src/hook/hook.ts";
import { C4, connectBytes, expectAnswers, expectCloses, LATER, start, subscriber } from "./harness.ts";

/** Will topic `w` and will message `x`. */
const WILL = "00 01 'w' 00 01 'x'";

Deno.test("[v311 MQTT-3.1.0-1] a connection begins with CONNECT", async () => {
  await using harness = await start();
  await expectAnswers(harness, [
    ...[
      "C0 00",
      "E0 00",
      "30 04 00 01 't' 'x'",
      "32 06 00 01 't' 00 01 'x'",
      "40 02 00 01",
      "50 02 00 01",
      "62 02 00 01",
    ],
    ...["70 02 00 01", "82 06 00 01 00 01 't' 00", "A2 05 00 01 00 01 't'", "D0 00", "20 02 00 00", "90 03 00 01 00"],
    "'GET / HTTP/1.1'",
  ], undefined);
});

Deno.test("[v311 MQTT-3.1.0-2] a second CONNECT is a violation", async () => {
  await using harness = await start();
  await expectCloses(harness, [C4, "10 0E 00 04 'MQTT' 05 02 00 3C 00 00 01 'a'"]);
});

Deno.test("[v311 MQTT-3.1.2-1] another protocol name is closed without a word", async () => {
  await using harness = await start();
  await expectAnswers(harness, ["10 0D 00 04 4D 51 54 58 04 02 00 3C 00 01 61"], undefined);
  const names = ["00 04 'mqtt'", "00 03 'MQT'", "00 05 'MQTTS'", "00 00", "00 06 'MQIsDp'"];
  await expectAnswers(harness, names.map((name) => connectBytes("02", "00 01 'a'", `${name} 04`)), undefined);
  const old = await harness.open(3);
  await old.send("10 0F 00 06 4D 51 49 73 64 70 03 02 00 3C 00 01 61");
  await old.expect("20 02 00 00");
});

Deno.test("[v311 MQTT-3.1.2-2] [v311 NOTE-15] a level that is not served is told so", async () => {
  await using harness = await start();
  for (const level of ["00", "01", "02", "03"]) {
    await expectAnswers(harness, [connectBytes("02", "00 01 'a'", `00 04 'MQTT' ${level}`)], "20 02 00 01");
  }
  await expectAnswers(harness, ["10 0D 00 04 4D 51 54 54 09 02 00 3C 00 01 61"], LATER); // a later version
  for (const level of ["06", "7F", "80", "83", "85", "FF"]) {
    await expectAnswers(harness, [connectBytes("02", "00 01 'a'", `00 04 'MQTT' ${level}`)], LATER);
  }
});

Deno.test("[v311 MQTT-3.1.2-2] a level that the broker is told not to serve is told so as well", async () => {
  await using harness = await start({ capabilities: { minimumProtocolVersion: 5 } });
  await expectAnswers(harness, [C4], "20 02 00 01");
  await harness.connect({ protocolVersion: 5 });
});

Deno.test("[v311 MQTT-3.1.2-3] the reserved bit of the Connect Flags is 0", async () => {
  await using harness = await start();
  await expectAnswers(harness, ["10 0D 00 04 4D 51 54 54 04 03 00 3C 00 01 61", connectBytes("01")], undefined);
});

Deno.test("[v311 MQTT-3.1.2-9] a will has its topic and its message", async () => {
  await using harness = await start();
  await expectAnswers(harness, [
    "10 0D 00 04 4D 51 54 54 04 06 00 3C 00 01 61",
    connectBytes("06", "00 01 'a' 00 01 'w'"),
    connectBytes("06", "00 01 'a' 00 01 'w' 00"),
    connectBytes("06", "00 01 'a' 00 01 'w' 00 02 'x'"),
  ], undefined);
});

Deno.test("[v311 MQTT-3.1.2-11] [v311 MQTT-3.1.2-13] [v311 MQTT-3.1.2-15] without a will there is nothing of it", async () => {
  await using harness = await start();
  await expectAnswers(harness, ["10 0D 00 04 4D 51 54 54 04 0A 00 3C 00 01 61"], undefined);
  await expectAnswers(harness, ["0A", "12", "1A", "22", "2A", "3A"].map((flags) => connectBytes(flags)), undefined);
  await expectAnswers(harness, [connectBytes("02", `00 01 'a' ${WILL}`)], undefined);
});

Deno.test("[v311 MQTT-3.1.2-14] Will QoS is 0, 1 or 2", async () => {
  await using harness = await start();
  await expectAnswers(harness, ["10 13 00 04 4D 51 54 54 04 1E 00 3C 00 01 61 00 01 77 00 01 78"], undefined);
  await expectAnswers(harness, [connectBytes("3E", `00 01 'a' ${WILL}`)], undefined);
  for (const flags of ["06", "0E", "16", "26", "2E", "36"]) {
    const client = await harness.open();
    await client.send(connectBytes(flags, `00 01 'a' ${WILL}`));
    await client.expect("20 02 00 00");
    await client.send("E0 00");
    await client.expectClosed();
  }
});

/** Remembers what it is told about users. */
function recorder(): { hook: Hook; users: (readonly (string | undefined)[])[] } {
  const users: (readonly (string | undefined)[])[] = [];
  const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
  const hook: Hook = {
    id: "recorder",
    onConnectAuthenticate: (_client, { username, password }) => users.push([username, text(password)]) > 0,
    onAclCheck: () => true,
  };
  return { hook, users };
}

Deno.test("[v311 MQTT-3.1.2-18] [v311 MQTT-3.1.2-19] [v311 MQTT-3.1.2-20] [v311 MQTT-3.1.2-21] user name and password are there as their flags say", async () => {
  const { hook, users } = recorder();
  await using harness = await start({ hooks: [hook] });
  await expectAnswers(harness, [
    "10 10 00 04 4D 51 54 54 04 02 00 3C 00 01 61 00 01 75", // neither flag, one field
    connectBytes("82", "00 01 'a'"),
    connectBytes("82", "00 01 'a' 00 01 'u' 00 01 'p'"),
    connectBytes("C2", "00 01 'a' 00 01 'u'"),
    connectBytes("C2", "00 01 'a'"),
    connectBytes("C2", "00 01 'a' 00 01 'u' 00 02 'p'"),
  ], undefined);
  assertEquals(users, []);
  for (
    const [flags, fields] of [
      ["02", ""],
      ["82", "00 00"],
      ["82", "00 01 'u'"],
      ["C2", "00 01 'v' 00 01 'p'"],
      ["C2", "00 01 'w' 00 00"],
    ]
  ) {
    const client = await harness.open();
    await client.send(connectBytes(flags, `00 01 'a' ${fields}`));
    await client.expect("20 02 00 00");
    await client.send("E0 00");
    await client.expectClosed();
  }
  assertEquals(users, [[undefined, undefined], ["", undefined], ["u", undefined], ["v", "p"], ["w", ""]]);
});

Deno.test("[v311 MQTT-3.1.2-22] no password without a user name", async () => {
  await using harness = await start();
  await expectAnswers(harness, ["10 10 00 04 4D 51 54 54 04 42 00 3C 00 01 61 00 01 70"], undefined);
});

Deno.test("[v311 MQTT-3.1.3-1] [v311 MQTT-3.1.3-3] the fields come in one order and fill the packet", async () => {
  const { hook, users } = recorder();
  await using harness = await start({ hooks: [hook] });
  const witness = await subscriber(harness, 0, { filter: "w" });
  const client = await harness.open();
  await client.send(connectBytes("C6", "00 02 'id' 00 01 'w' 00 02 'me' 00 02 'us' 00 02 'pw'"));
  await client.expect("20 02 00 00");
  assertEquals(Array.from(harness.broker.clients.list(), ({ id }) => id).toSorted(), ["id", "subscriber"]);
  assertEquals(users.at(-1), ["us", "pw"]);
  await client.cut();
  await witness.expect("30 05 00 01 'w' 'me'");
  await expectAnswers(harness, [
    "10 0A 00 04 4D 51 54 54 04 02 00 3C",
    "10 0B 00 04 'MQTT' 04 02 00 3C 00",
    "10 09 00 04 'MQTT' 04 02 00",
    "10 07 00 04 'MQTT' 04",
    "10 04 00 04 'MQ'",
    "10 00",
    connectBytes("02", "00 02 'a'"),
    connectBytes("02", "00 01 'a' 00"),
    connectBytes("C6", "00 02 'id' 00 01 'w' 00 02 'me' 00 02 'us' 00 02 'pw' 00"),
    connectBytes("C6", "00 02 'id' 00 01 'w' 00 02 'me' 00 02 'us' 00 03 'pw'"),
  ], undefined);
});

Deno.test("[v311 MQTT-3.1.3-5] letters and digits, 1 to 23 of them, are always allowed", async () => {
  await using harness = await start();
  const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const clientId of [...alphabet, alphabet.slice(0, 23), alphabet.slice(-23)]) {
    const client = await harness.connect({ clientId });
    assertEquals(client.connack!.bytes, Uint8Array.of(0x20, 2, 0, 0));
  }
  assertEquals(harness.broker.info.clientsConnected, 64);
  for (const clientId of ["with space", "\u00e4\u4e2d\u{1f600}", "a/b+#", "x".repeat(1_024)]) {
    await harness.connect(clientId);
  }
});

Deno.test("[v311 MQTT-3.1.3-6] without a ClientID every client is given one of its own", async () => {
  await using harness = await start();
  const clients = [await harness.open(), await harness.open(), await harness.open()];
  for (const client of clients) {
    await client.send("10 0C 00 04 4D 51 54 54 04 02 00 3C 00 00");
    await client.expect("20 02 00 00");
    await client.subscribe("t");
  }
  await harness.broker.publish("t", "x");
  for (const client of clients) await client.expectMessage("t", "x");
  const ids = Array.from(harness.broker.clients.list(), ({ id }) => id);
  assertEquals([ids.length, new Set(ids).size, ids.includes("")], [3, 3, false]);
});

Deno.test("[v311 MQTT-3.1.3-7] [v311 MQTT-3.1.3-8] without a ClientID there is no stored session", async () => {
  await using harness = await start();
  await expectAnswers(harness, ["10 0C 00 04 4D 51 54 54 04 00 00 3C 00 00"], "20 02 00 02");
  assertEquals(harness.broker.info.clientsConnected, 0);
});

Deno.test("[v311 MQTT-3.1.3-9] a ClientID that is not accepted is told so", async () => {
  await using harness = await start({ capabilities: { maximumClientIdLength: 23 } });
  const refused = await harness.open();
  await refused.sendConnect({ clientId: "x".repeat(24) });
  await refused.expect("20 02 00 02");
  await refused.expectClosed();
  await harness.connect("x".repeat(23));
  await expectAnswers(harness, [connectBytes("02", "00 07 '$inline'")], "20 02 00 02"); // the broker's own
});
