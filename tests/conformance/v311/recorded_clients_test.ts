/** What clients of other projects send, recorded byte by byte from a whole exchange: they work as they are. */

import { hex } from "../../packets/bytes.ts";
import type { Harness, RawClient } from "../../helpers/harness.ts";
import { start } from "./harness.ts";

/** One line a write of the client (`>`) or a packet of the broker (`<`). */
type Recording = readonly `${">" | "<"} ${string}`[];

const VERSIONS = { "3.1.1": ["04 'MQTT' 04", 0x0d], "3.1": ["06 'MQIsdp' 03", 0x0f] } as const;

/** CONNECT with these flags, Keep Alive 60, and the fields behind it. */
function connect(version: keyof typeof VERSIONS, flags: string, fields: string): `> ${string}` {
  const [name, fixed] = VERSIONS[version];
  const length = hex(fields).length + fixed - 3;
  return `> 10 ${length.toString(16).padStart(2, "0")} 00 ${name} ${flags} 00 3C ${fields}`;
}

/** mosquitto_sub -q 2 -C 1, and mosquitto_pub -q 2 with a will and a password, libmosquitto 2.0.11. */
function mosquitto(version: keyof typeof VERSIONS): [Recording, Recording] {
  return [[
    connect(version, "00", "00 01 's'"),
    "< 20 02 00 00",
    "> 82 08 00 01 00 03 't/#' 02",
    "< 90 03 00 01 02",
    "< 34 0C 00 03 't/a' 00 01 'hello'",
    "> 50 02 00 01",
    "< 62 02 00 01",
    "> 70 02 00 01 E0 00",
  ], [
    connect(version, "C6", "00 01 'p' 00 01 'w' 00 01 'x' 00 04 'user' 00 06 'secret'"),
    "< 20 02 00 00",
    "> 34 0C 00 03 't/a' 00 01 'hello'",
    "< 50 02 00 01",
    "> 62 02 00 01",
    "< 70 02 00 01",
    "> E0 00",
  ]];
}

/** A client of Eclipse Paho for Python 1.6.1 that talks to itself at every QoS. */
function paho(version: keyof typeof VERSIONS): Recording {
  return [
    connect(version, "00", "00 02 'py'"),
    "< 20 02 00 00",
    "> 82 0C 00 01 00 03 't/#' 02 00 01 'u' 00",
    "< 90 04 00 01 02 00",
    "> 30 0A 00 03 't/b' 'hello'",
    "< 30 0A 00 03 't/b' 'hello'",
    "> 32 0C 00 03 't/b' 00 03 'hello' 34 0C 00 03 't/b' 00 04 'hello'",
    "< 32 0C 00 03 't/b' 00 01 'hello'",
    "< 40 02 00 03",
    "< 34 0C 00 03 't/b' 00 02 'hello'",
    "< 50 02 00 04",
    "> 40 02 00 01",
    "> 50 02 00 02 62 02 00 04",
    "< 62 02 00 02",
    "< 70 02 00 04",
    "> A2 07 00 05 00 03 't/#'",
    "< B0 02 00 05",
    "> 70 02 00 02",
    "> E0 00",
  ];
}

/** The same with MQTT.js 5, which begins its identifiers anywhere. */
function mqttJs(version: keyof typeof VERSIONS): Recording {
  return [
    connect(version, "00", "00 02 'js'"),
    "< 20 02 00 00",
    "> 82 0C B5 08 00 03 't/#' 02 00 01 'u' 00",
    "< 90 04 B5 08 02 00",
    "> 30 0A 00 03 't/b' 'hello' 32 0C 00 03 't/b' B5 09 'hello'",
    "< 30 0A 00 03 't/b' 'hello'",
    "< 32 0C 00 03 't/b' 00 01 'hello'",
    "< 40 02 B5 09",
    "> 40 02 00 01",
    "> 34 0C 00 03 't/b' B5 0A 'hello'",
    "< 34 0C 00 03 't/b' 00 02 'hello'",
    "< 50 02 B5 0A",
    "> 50 02 00 02",
    "< 62 02 00 02",
    "> 62 02 B5 0A",
    "< 70 02 B5 0A",
    "> 70 02 00 02",
    "> A2 07 B5 0B 00 03 't/#'",
    "< B0 02 B5 0B",
    "> E0 00",
  ];
}

/** Plays a recording up to the next packet of the broker that nobody has caused yet. */
async function play(client: RawClient, recording: Recording): Promise<void> {
  for (const line of recording) {
    if (line.startsWith(">")) await client.send(line.slice(2));
    else await client.expect(line.slice(2));
  }
}

async function open(harness: Harness, version: keyof typeof VERSIONS): Promise<RawClient> {
  return await harness.open(version === "3.1" ? 3 : 4);
}

for (const version of Object.keys(VERSIONS) as (keyof typeof VERSIONS)[]) {
  Deno.test(`[v311 MQTT-7.0.0-2] clients of mosquitto in ${version}`, async () => {
    await using harness = await start();
    const [subscriber, publisher] = [await open(harness, version), await open(harness, version)];
    const [subscribing, publishing] = mosquitto(version);
    await play(subscriber, subscribing.slice(0, 4));
    await play(publisher, publishing);
    await play(subscriber, subscribing.slice(4));
    for (const client of [subscriber, publisher]) await client.expectClosed();
  });

  Deno.test(`[v311 MQTT-7.0.0-2] clients of Paho and MQTT.js in ${version}`, async () => {
    await using harness = await start();
    for (const recording of [paho(version), mqttJs(version)]) {
      const client = await open(harness, version);
      await play(client, recording);
      await client.expectClosed();
      if (harness.broker.info.inflight !== 0) throw new Error("something is still open");
    }
  });
}

Deno.test("[v311 MQTT-7.0.0-1] a broker without a bridge is a server and nothing else: it connects to nobody", async () => {
  const asked: string[] = [];
  const originals = { connect: Deno.connect, connectTls: Deno.connectTls, fetch: globalThis.fetch };
  const spy = (name: string) => () => {
    asked.push(name);
    throw new Error("a server has nobody to call");
  };
  Object.assign(Deno, { connect: spy("connect"), connectTls: spy("connectTls") });
  globalThis.fetch = spy("fetch") as typeof fetch;
  try {
    await using harness = await start();
    const client = await open(harness, "3.1.1");
    await play(client, paho("3.1.1"));
    await client.expectClosed();
    await harness.advance(1_000_000);
  } finally {
    Object.assign(Deno, { connect: originals.connect, connectTls: originals.connectTls });
    globalThis.fetch = originals.fetch;
  }
  if (asked.length > 0) throw new Error(`the broker used ${asked.join(", ")}`);
});
