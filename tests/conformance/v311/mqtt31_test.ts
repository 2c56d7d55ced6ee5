import { assertEquals } from "@std/assert";
import type { Harness, RawClient } from "../../helpers/harness.ts";
import { denying } from "../v5/hooks.ts";
import { connectBytes, expectAnswers, expectCloses, LATER, start, stored, subscriber } from "./harness.ts";
import { MqttError } from "../../../src/packets/errors.ts";
import type { Hook } from "../../../src/hook/hook.ts";

const NAME = "00 06 'MQIsdp' 03";
const C3 = "10 0F 00 06 4D 51 49 73 64 70 03 02 00 3C 00 01 61";

/** A CONNECT of MQTT 3.1. */
function connect31(flags: string, payload?: string): Uint8Array {
  return connectBytes(flags, payload, NAME);
}

async function accepted(harness: Harness, bytes: string | Uint8Array): Promise<RawClient> {
  const client = await harness.open(3);
  await client.send(bytes);
  await client.expect("20 02 00 00");
  return client;
}

Deno.test("[v311 NOTE-9] MQIsdp has level 3 and no Session Present", async () => {
  await using harness = await start();
  await (await accepted(harness, C3)).disconnect();
  for (let time = 0; time < 3; time++) {
    const client = await accepted(harness, connect31("00"));
    if (time === 0) await client.subscribe("t", { qos: 1 });
    await client.cut();
    await harness.broker.publish("t", "x", { qos: 1 });
  }
  const client = await accepted(harness, connect31("00")); // the session is there all the same
  for (const dup of [true, true, false]) await client.expectMessage("t", "x", { dup });
  for (const level of ["00", "02", "04", "05"]) {
    await expectAnswers(harness, [connectBytes("02", "00 01 'a'", `00 06 'MQIsdp' ${level}`)], "20 02 00 01");
  }
  for (const level of ["06", "84", "FF"]) {
    await expectAnswers(harness, [connectBytes("02", "00 01 'a'", `00 06 'MQIsdp' ${level}`)], LATER);
  }
  await expectAnswers(harness, [connectBytes("02", "00 01 'a'", "00 04 'MQTT' 03")], "20 02 00 01");
});

Deno.test("[v311 NOTE-9] a broker may be told not to serve 3.1", async () => {
  await using harness = await start({ capabilities: { minimumProtocolVersion: 4 } });
  await expectAnswers(harness, [C3], "20 02 00 01");
  await harness.connect();
});

Deno.test("[v311 NOTE-10] a ClientID of 3.1 has 1 to 23 characters, unless an option allows more", async () => {
  const long = connect31("02", `03 E8 '${"x".repeat(1_000)}'`);
  {
    await using harness = await start();
    await expectAnswers(harness, [long, connect31("02", `00 18 '${"x".repeat(24)}'`)], "20 02 00 02");
    await accepted(harness, connect31("02", `00 17 '${"x".repeat(23)}'`));
  }
  await using harness = await start({ compatibilities: { longClientIds: true } });
  await expectAnswers(
    harness,
    ["10 0E 00 06 4D 51 49 73 64 70 03 02 00 3C 00 00", connect31("00", "00 00"), connect31("02", "00 00")],
    "20 02 00 02",
  );
  await accepted(harness, connect31("02", "00 01 'x'"));
  await accepted(harness, connect31("02", `00 17 '${"x".repeat(23)}'`));
  await accepted(harness, long);
});

Deno.test("[v311 NOTE-11] PUBREL, SUBSCRIBE and UNSUBSCRIBE may have DUP", async () => {
  await using harness = await start();
  const client = await accepted(harness, C3);
  await client.send("8A 06 00 01 00 01 70 00");
  await client.expect("90 03 00 01 00");
  for (const header of ["82", "8A"]) {
    await client.send(`${header} 06 00 02 00 01 't' 01`);
    await client.expect("90 03 00 02 01");
  }
  for (const header of ["6A", "62"]) {
    await client.send(`${header} 02 00 01`);
    await client.expect("70 02 00 01");
  }
  for (const header of ["AA", "A2"]) {
    await client.send(`${header} 05 00 03 00 01 't'`);
    await client.expect("B0 02 00 03");
  }
  await expectCloses(harness, ["8A 06 00 01 00 01 70 00", "6A 02 00 01", "AA 05 00 01 00 01 70"]);
});

Deno.test("[v311 NOTE-11] flags of other packets are those of 3.1.1", async () => {
  await using harness = await start();
  for (const sent of ["C1 00", "E8 00", "48 02 00 01", "36 06 00 01 't' 00 01 'x'"]) {
    const client = await accepted(harness, C3);
    await client.send(sent);
    await client.expectClosed();
  }
});

Deno.test("[v311 NOTE-11] DUP of what is sent again is that of 3.1.1", async () => {
  await using harness = await start();
  const options = { ...stored, protocolVersion: 3 as const };
  let client = await subscriber(harness, 2, options);
  for (const qos of [1, 2] as const) await harness.broker.publish("t", "x", { qos });
  await client.expect("32 06 00 01 't' 00 01 'x'");
  await client.expect("34 06 00 01 't' 00 02 'x'");
  await client.cut();
  client = await harness.connect(options);
  await client.expect("3A 06 00 01 't' 00 01 'x'");
  await client.expect("3C 06 00 01 't' 00 02 'x'");
  const publisher = await harness.connect({ clientId: "publisher", protocolVersion: 3 });
  for (const header of ["34", "3C"]) {
    await publisher.send(`${header} 06 00 01 't' 00 01 'y'`);
    await publisher.expect("50 02 00 01");
  }
  await client.expectMessage("t", "y", { dup: false });
  await client.expectNothing();
});

Deno.test("[v311 NOTE-12] a denied filter looks granted, and nothing comes", async () => {
  const capabilities = { sharedSubAvailable: false, maximumTopicLevels: 2 };
  await using harness = await start({ hooks: [denying("read")], capabilities });
  await harness.broker.publish("denied", "kept", { retain: true });
  const client = await accepted(harness, C3);
  await client.send("82 0F 12 34 00 01 't' 01 00 06 'denied' 02");
  await client.expect("90 04 12 34 01 02");
  await client.send("82 1D 12 35 00 05 '1/2/3' 00 00 0A '$share/g/a' 01 00 03 'b/+' 02");
  await client.expect("90 05 12 35 00 01 02");
  for (const topic of ["denied", "a", "b"]) await harness.broker.publish(topic, "x");
  await client.expectNothing();
  await harness.broker.publish("b/x", "x");
  await client.expectMessage("b/x", "x");
  assertEquals(harness.broker.info.subscriptions, 2);
});

Deno.test("[v311 NOTE-12] whatever the reason, it looks granted", async () => {
  let code = 0x80;
  const onAclCheck = () => {
    throw new MqttError(code, "no");
  };
  await using harness = await start({ hooks: [{ ...denying(), onAclCheck }] });
  const client = await accepted(harness, C3);
  for (code = 0x80; code <= 0xa2; code++) {
    await client.send("82 06 12 34 00 01 't' 02");
    await client.expect("90 03 12 34 02");
  }
});

Deno.test("[v311 NOTE-13] user name and password may be missing at the end of the packet", async () => {
  const users: unknown[] = [];
  const hook: Hook = {
    id: "recorder",
    onConnectAuthenticate: (_client, { username, password }) => users.push([username, password?.length]) > 0,
    onAclCheck: () => true,
  };
  await using harness = await start({ hooks: [hook] });
  for (const flags of ["C2", "82"]) await (await accepted(harness, connect31(flags))).disconnect();
  await (await accepted(harness, connect31("C2", "00 01 'a' 00 01 'u'"))).disconnect();
  await (await accepted(harness, connect31("C2", "00 01 'a' 00 01 'u' 00 01 'p'"))).disconnect();
  assertEquals(users, [[undefined, undefined], [undefined, undefined], ["u", undefined], ["u", 1]]);
  await expectAnswers(harness, [
    connect31("42", "00 01 'a' 00 01 'p'"), // no password without a user name
    connect31("C2", "00 01 'a' 00"),
    connect31("C2", "00 01 'a' 00 02 'u'"),
    connect31("02", "00 01 'a' 00 01 'u'"),
    connect31("06", "00 01 'a' 00 01 'w'"),
    connect31("06", "00 01 'a'"),
  ], undefined);
});

Deno.test("[v311 NOTE-14] bit 0, and Will QoS and Will Retain without a will, are not looked at", async () => {
  await using harness = await start();
  for (const flags of ["03", "0A", "22", "1A", "3B"]) await (await accepted(harness, connect31(flags))).disconnect();
  await expectAnswers(harness, [connect31("1E", "00 01 'a' 00 01 'w' 00 01 'x'")], undefined);
  const witness = await subscriber(harness, 1, { filter: "w" });
  await (await accepted(harness, connect31("2F", "00 01 'a' 00 01 'w' 00 01 'x'"))).cut();
  await witness.expectMessage("w", "x", { qos: 1 });
});

Deno.test("[v311 NOTE-9] 3.1 clients exchange messages with all others", async () => {
  await using harness = await start();
  const clients = await Promise.all(
    ([3, 4, 5] as const).map((protocolVersion) =>
      subscriber(harness, 2, { clientId: `${protocolVersion}`, protocolVersion })
    ),
  );
  for (const publisher of clients) {
    for (const qos of [0, 1, 2] as const) {
      const witness = await harness.connect({ clientId: `p${publisher.version}`, protocolVersion: publisher.version });
      await witness.publish("t", "x", { qos });
      for (const client of clients) await client.expectMessage("t", "x", { qos });
      await witness.disconnect();
    }
  }
});
