import { assert, assertEquals } from "@std/assert";
import { framed, hex } from "../packets/bytes.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import { expectServed } from "./attackers.ts";

/** Every property of MQTT 5 with a value that is fine somewhere. */
const PROPERTIES: Record<string, string> = {
  payloadFormatIndicator: "01 01",
  messageExpiryInterval: "02 00 00 00 09",
  contentType: "03 00 01 'c'",
  responseTopic: "08 00 01 'r'",
  correlationData: "09 00 01 00",
  subscriptionIdentifier: "0B 01",
  sessionExpiryInterval: "11 00 00 00 09",
  assignedClientIdentifier: "12 00 01 'a'",
  serverKeepAlive: "13 00 09",
  authenticationMethod: "15 00 01 'm'",
  authenticationData: "16 00 01 00",
  requestProblemInformation: "17 01",
  willDelayInterval: "18 00 00 00 09",
  requestResponseInformation: "19 01",
  responseInformation: "1A 00 01 'i'",
  serverReference: "1C 00 01 's'",
  reasonString: "1F 00 01 'r'",
  receiveMaximum: "21 00 09",
  topicAliasMaximum: "22 00 09",
  topicAlias: "23 00 01",
  maximumQoS: "24 01",
  retainAvailable: "25 01",
  userProperty: "26 00 01 'n' 00 01 'v'",
  maximumPacketSize: "27 00 00 00 99",
  wildcardSubscriptionAvailable: "28 01",
  subscriptionIdentifierAvailable: "29 01",
  sharedSubscriptionAvailable: "2A 01",
};

/** What is fine somewhere and wrong here: values that only some receivers would notice. */
const VALUES: Record<string, string> = {
  "payload format 2": "01 02",
  "response topic with wildcards": "08 00 03 'a/#'",
  "empty response topic": "08 00 00",
  "content type with NUL": "03 00 01 00",
  "user property with NUL": "26 00 01 00 00 00",
  "content type that is no text": "03 00 01 FF",
  "user property with a surrogate": "26 00 03 ED A0 80 00 00",
};

/** Those that go with a PUBLISH from a client. */
const PUBLISH = new Set([
  "payloadFormatIndicator",
  "messageExpiryInterval",
  "contentType",
  "responseTopic",
  "correlationData",
  "topicAlias",
  "userProperty",
]);
/** Those that go with a will. */
const WILL = new Set([
  "payloadFormatIndicator",
  "messageExpiryInterval",
  "contentType",
  "responseTopic",
  "correlationData",
  "willDelayInterval",
  "userProperty",
]);

function publish(property: string): Uint8Array {
  const bytes = hex(property);
  return framed(0x30, Uint8Array.from([0, 1, 0x74, bytes.length, ...bytes, 0x78]));
}

function connectWithWill(property: string): Uint8Array {
  const bytes = hex(property);
  const head = hex("00 04 'MQTT' 05 06 00 00 00 00 03 'wil'"), tail = hex("00 01 't' 00 01 'x'");
  return framed(0x10, Uint8Array.from([...head, bytes.length, ...bytes, ...tail]));
}

async function expectUnharmed(
  harness: Harness,
  fine: boolean,
  watching: Awaited<ReturnType<Harness["connect"]>>,
): Promise<void> {
  await harness.settle();
  if (fine) await watching.expectMessage("t", "x");
  await watching.expectNothing();
}

Deno.test("every property in a PUBLISH: forwarded where it may be, otherwise the sender goes and nobody else", async () => {
  await using harness = await Harness.start();
  const watching = await harness.connect("watching"),
    four = await harness.connect({ clientId: "four", protocolVersion: 4 });
  for (const client of [watching, four]) await client.subscribe("t");
  for (const [name, property] of [...Object.entries(PROPERTIES), ...Object.entries(VALUES)]) {
    const sender = await harness.connect("sender"), fine = PUBLISH.has(name);
    await sender.send(publish(property));
    await expectUnharmed(harness, fine, watching);
    if (fine) await sender.expectNothing();
    else assert([0x81, 0x82, 0x99].includes((await sender.expect({ type: PacketType.DISCONNECT })).reasonCode!), name);
    await sender.cut();
  }
  assertEquals(four.received.filter(({ type }) => type === PacketType.PUBLISH).length, PUBLISH.size);
  await expectServed(harness);
});

Deno.test("every property in a will", async () => {
  await using harness = await Harness.start();
  const watching = await harness.connect("watching");
  await watching.subscribe("t");
  for (const [name, property] of [...Object.entries(PROPERTIES), ...Object.entries(VALUES)]) {
    const sender = await harness.open(), fine = WILL.has(name);
    await sender.send(connectWithWill(property));
    const { reasonCode } = await sender.expect({ type: PacketType.CONNACK });
    assertEquals(reasonCode === 0, fine, name);
    await sender.cut();
    await expectUnharmed(harness, fine, watching);
  }
});
