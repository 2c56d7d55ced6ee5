import { assert, assertEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { decodeProperties, encodeProperties, propertiesSize } from "../../src/packets/properties.ts";
import { PROPERTIES, propertiesOf, type PropertyOwner } from "../../src/packets/property_table.ts";
import { Reader } from "../../src/packets/reader.ts";
import type { Sender } from "../../src/packets/reason_codes.ts";
import type { Properties } from "../../src/packets/types.ts";
import { Writer } from "../../src/packets/writer.ts";
import { hex, toHex } from "./bytes.ts";

const OWNERS: Record<string, PropertyOwner> = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  DISCONNECT: 14,
  AUTH: 15,
  WILL: "WILL",
};
const ACKS = ["PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBACK", "UNSUBACK"];
const ALL = Object.keys(OWNERS);

/** Table 2-4 of the standard: identifier, a good value on the wire, the same decoded, and where it may stand. */
const TABLE: [id: string, wire: string, decoded: Properties, owners: string[]][] = [
  ["01", "01", { payloadFormatIndicator: 1 }, ["PUBLISH", "WILL"]],
  ["02", "FF FF FF FF", { messageExpiryInterval: 4294967295 }, ["PUBLISH", "WILL"]],
  ["03", "00 01 'c'", { contentType: "c" }, ["PUBLISH", "WILL"]],
  ["08", "00 01 'r'", { responseTopic: "r" }, ["PUBLISH", "WILL"]],
  ["09", "00 01 FF", { correlationData: hex("FF") }, ["PUBLISH", "WILL"]],
  ["0B", "80 01", { subscriptionIdentifiers: [128] }, ["PUBLISH", "SUBSCRIBE"]],
  ["11", "80 00 00 00", { sessionExpiryInterval: 2147483648 }, ["CONNECT", "CONNACK", "DISCONNECT"]],
  ["12", "00 01 'i'", { assignedClientIdentifier: "i" }, ["CONNACK"]],
  ["13", "FF FF", { serverKeepAlive: 65535 }, ["CONNACK"]],
  ["15", "00 01 'm'", { authenticationMethod: "m" }, ["CONNECT", "CONNACK", "AUTH"]],
  ["16", "00 00", { authenticationData: hex("") }, ["CONNECT", "CONNACK", "AUTH"]], // a method is put in front of it
  ["17", "00", { requestProblemInformation: 0 }, ["CONNECT"]],
  ["18", "00 00 00 05", { willDelayInterval: 5 }, ["WILL"]],
  ["19", "01", { requestResponseInformation: 1 }, ["CONNECT"]],
  ["1A", "00 01 'r'", { responseInformation: "r" }, ["CONNACK"]],
  ["1C", "00 01 's'", { serverReference: "s" }, ["CONNACK", "DISCONNECT"]],
  ["1F", "00 01 'z'", { reasonString: "z" }, ["CONNACK", ...ACKS, "DISCONNECT", "AUTH"]],
  ["21", "00 01", { receiveMaximum: 1 }, ["CONNECT", "CONNACK"]],
  ["22", "00 00", { topicAliasMaximum: 0 }, ["CONNECT", "CONNACK"]],
  ["23", "00 01", { topicAlias: 1 }, ["PUBLISH"]],
  ["24", "00", { maximumQoS: 0 }, ["CONNACK"]],
  ["25", "01", { retainAvailable: 1 }, ["CONNACK"]],
  ["26", "00 01 'k' 00 01 'v'", { userProperties: [["k", "v"]] }, ALL],
  ["27", "00 00 00 01", { maximumPacketSize: 1 }, ["CONNECT", "CONNACK"]],
  ["28", "00", { wildcardSubscriptionAvailable: 0 }, ["CONNACK"]],
  ["29", "00", { subscriptionIdentifierAvailable: 0 }, ["CONNACK"]],
  ["2A", "00", { sharedSubscriptionAvailable: 0 }, ["CONNACK"]],
];

/** Where only one end may send a property. */
const ONLY: Record<string, Sender> = { "0B PUBLISH": "server", "11 DISCONNECT": "client", "1C DISCONNECT": "server" };

function decode(text: string, owner: PropertyOwner, from: Sender = "client"): Properties | undefined {
  const content = hex(text);
  const bytes = Uint8Array.from([content.length, ...content]);
  const reader = new Reader(bytes, 0, bytes.length);
  const properties = decodeProperties(reader, owner, { from });
  reader.finish();
  return properties;
}

function reason(text: string, owner: PropertyOwner, from: Sender = "client"): number {
  return assertThrows(() => decode(text, owner, from), MqttError).reasonCode;
}

Deno.test("the table has every property of the standard once", () => {
  assertEquals(PROPERTIES.map((row) => toHex(Uint8Array.of(row.id))), TABLE.map(([id]) => id));
  assertEquals(PROPERTIES.map((row) => [row.name]), TABLE.map(([, , decoded]) => Object.keys(decoded)));
});

for (const [id, wire, decoded, owners] of TABLE) {
  Deno.test(`[v5 NOTE-4] property 0x${id} in every packet, from both ends`, () => {
    for (const [name, owner] of Object.entries(OWNERS)) {
      for (const from of ["client", "server"] as const) {
        const only = ONLY[`${id} ${name}`] ?? from;
        const writer = new Writer();
        encodeProperties(writer, decoded, owner, from);
        const written = toHex(writer.buffer.subarray(0, writer.length));
        assertEquals(propertiesSize(decoded, owner, from), writer.length);
        if (!owners.includes(name)) {
          assertEquals(reason(`${id} ${wire}`, owner, from), 0x81, `${name} from ${from}`);
          assertEquals(written, "00");
        } else if (only !== from) {
          assertEquals(reason(`${id} ${wire}`, owner, from), 0x82, `${name} from ${from}`);
          assertEquals(written, "00");
        } else {
          const [prefix, method] = id === "16" ? ["15 00 01 'm' ", { authenticationMethod: "m" }] : ["", {}];
          assertEquals(
            decode(`${prefix}${id} ${wire}`, owner, from),
            { ...decoded, ...method },
            `${name} from ${from}`,
          );
          assertEquals(written.slice(3), toHex(hex(`${id} ${wire}`)));
        }
      }
    }
  });

  Deno.test(`[v5 NOTE-3] property 0x${id} twice`, () => {
    for (const name of owners) {
      const owner = OWNERS[name];
      const from = ONLY[`${id} ${name}`] ?? "client";
      const twice = `${id} ${wire} ${id} ${wire}`;
      const repeats = id === "26" || (id === "0B" && name === "PUBLISH");
      if (repeats) assertEquals(Object.values(decode(twice, owner, from)!)[0].length, 2);
      else assertEquals(reason(twice, owner, from), 0x82, name);
    }
  });

  Deno.test(`property 0x${id} cut short`, () => {
    const owner = OWNERS[owners[0]];
    const from = ONLY[`${id} ${owners[0]}`] ?? "client";
    const bytes = toHex(hex(`${id} ${wire}`)).split(" ");
    for (let length = 1; length < bytes.length; length++) {
      assertEquals(reason(bytes.slice(0, length).join(" "), owner, from), 0x81);
    }
  });
}

Deno.test("forbidden values are refused by decoder and encoder", () => {
  const table: [text: string, properties: Properties, owner: string, code: number][] = [
    ["01 02", { payloadFormatIndicator: 2 }, "PUBLISH", 0x82],
    ["01 FF", { payloadFormatIndicator: 255 }, "WILL", 0x82],
    ["08 00 01 '#'", { responseTopic: "#" }, "PUBLISH", 0x82],
    ["08 00 03 'a/+'", { responseTopic: "a/+" }, "WILL", 0x82],
    ["08 00 00", { responseTopic: "" }, "PUBLISH", 0x82],
    ["0B 00", { subscriptionIdentifiers: [0] }, "SUBSCRIBE", 0x82],
    ["17 02", { requestProblemInformation: 2 }, "CONNECT", 0x82],
    ["19 02", { requestResponseInformation: 2 }, "CONNECT", 0x82],
    ["21 00 00", { receiveMaximum: 0 }, "CONNECT", 0x82],
    ["21 00 00", { receiveMaximum: 0 }, "CONNACK", 0x82],
    ["23 00 00", { topicAlias: 0 }, "PUBLISH", 0x94],
    ["24 02", { maximumQoS: 2 }, "CONNACK", 0x82],
    ["25 02", { retainAvailable: 2 }, "CONNACK", 0x82],
    ["27 00 00 00 00", { maximumPacketSize: 0 }, "CONNECT", 0x82],
    ["28 02", { wildcardSubscriptionAvailable: 2 }, "CONNACK", 0x82],
    ["29 02", { subscriptionIdentifierAvailable: 2 }, "CONNACK", 0x82],
    ["2A 02", { sharedSubscriptionAvailable: 2 }, "CONNACK", 0x82],
  ];
  for (const [text, properties, name, code] of table) {
    assertEquals(reason(text, OWNERS[name]), code, text);
    const action = () => encodeProperties(new Writer(), properties, OWNERS[name], "client");
    assertEquals(assertThrows(action, MqttError).reasonCode, code, text);
  }
});

Deno.test("two Subscription Identifiers cannot be encoded in SUBSCRIBE", () => {
  const properties = { subscriptionIdentifiers: [1, 2] };
  const action = () => encodeProperties(new Writer(), properties, OWNERS.SUBSCRIBE, "client");
  assertEquals(assertThrows(action, MqttError).reasonCode, 0x82);
});

Deno.test("[v5 NOTE-10] Authentication Data needs an Authentication Method", () => {
  for (const owner of [OWNERS.CONNECT, OWNERS.CONNACK, OWNERS.AUTH]) {
    assertEquals(reason("16 00 01 'd'", owner), 0x82);
    assertEquals(decode("16 00 01 'd' 15 00 00", owner)?.authenticationMethod, "");
  }
});

Deno.test("unknown identifiers are malformed in every packet", () => {
  const known = new Set(TABLE.map(([id]) => parseInt(id, 16)));
  for (const owner of Object.values(OWNERS)) {
    for (let id = 0; id < 128; id++) {
      if (known.has(id)) continue;
      assertEquals(reason(`${toHex(Uint8Array.of(id))} 00 01 00 00`, owner), 0x81);
    }
    assertEquals(reason("81 01 00", owner), 0x81);
    assertEquals(reason("FF FF FF 7F 00", owner), 0x81);
  }
});

Deno.test("User Properties keep their order and repeated, empty and odd names", () => {
  const userProperties = [["z", "1"], ["a", "2"], ["z", "3"], ["", ""], ["__proto__", "x"], [
    "constructor",
    "y",
  ]] as const;
  const writer = new Writer();
  encodeProperties(writer, { userProperties: [...userProperties] }, "WILL", "client");
  const decoded = decodeProperties(new Reader(writer.buffer, 0, writer.length), "WILL");
  assertEquals(decoded?.userProperties, userProperties.map((pair) => [...pair]));
});

Deno.test("maximumUserProperties is a limit of each set", () => {
  const flood = (count: number): Reader => {
    const writer = new Writer();
    encodeProperties(writer, { userProperties: Array.from({ length: count }, () => ["", ""]) }, 3);
    return new Reader(writer.buffer, 0, writer.length);
  };
  assertEquals(decodeProperties(flood(5), 3, { maximumUserProperties: 5 })?.userProperties?.length, 5);
  const error = assertThrows(() => decodeProperties(flood(60_000), 3, { maximumUserProperties: 5 }), MqttError);
  assertEquals(error.reasonCode, 0x97);
  assertEquals(decodeProperties(flood(60_000), 3)?.userProperties?.length, 60_000);
  assertEquals(decodeProperties(flood(0), 3, { maximumUserProperties: 0 }), undefined);
});

Deno.test("a property set ends where its length says", () => {
  const reader = new Reader(hex("02 01 01 01 00"), 0, 5);
  assertEquals(decodeProperties(reader, 3), { payloadFormatIndicator: 1 });
  assertEquals(reader.position, 3);
  assertEquals(reader.remaining, 2);
});

Deno.test("packets without properties have none in the table", () => {
  for (const owner of [0, 12, 13]) assertEquals(propertiesOf(owner, "client"), []);
  assert(propertiesOf(3, "server").length === propertiesOf(3, "client").length + 1);
});
