import { assert, assertEquals } from "@std/assert";
import type { Capabilities } from "../../src/broker/core/options.ts";
import { hex } from "../packets/bytes.ts";
import { Harness, type RawClient } from "../helpers/harness.ts";
import { overTcp, type Transport } from "../helpers/transports.ts";
import { until } from "../helpers/until.ts";
import { expectServed, pause, repeated } from "./attackers.ts";

/** A broker on a port, in real time. */
function start(transport: Transport, capabilities: Partial<Capabilities>): Promise<Harness> {
  return Harness.start({ transport, realTime: true, capabilities });
}

function portOf({ listener }: Transport): number {
  return Number(listener.address.split(":").at(-1));
}

/** How long the slowest of some round trips of a victim takes, in milliseconds. */
async function slowestTrip(victim: RawClient, milliseconds: number): Promise<number> {
  const trips: number[] = [], end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const begun = performance.now();
    await victim.sendPublish("victim", "x", { qos: 0 });
    await victim.expectMessage("victim", "x");
    trips.push(performance.now() - begun);
    await pause(5);
  }
  return trips.toSorted((a, b) => a - b)[Math.floor(trips.length * 0.95)];
}

/** Shared machines stand still now and then; a broker that starves its clients does so each time. */
async function expectQuickTrips(victim: RawClient): Promise<void> {
  const slowest: number[] = [];
  for (let attempt = 0; attempt < 5 && !slowest.some((trip) => trip < 50); attempt++) {
    slowest.push(await slowestTrip(victim, 600));
  }
  assert(slowest.some((trip) => trip < 50), `${slowest.map(Math.round).join(", ")} ms`);
}

/** What an attacker runs in a thread of its own: several connections that write the same bytes and read what comes. */
const ATTACKER = `
  self.onmessage = async ({ data: { port, packets, connects } }) => {
    const scrap = new Uint8Array(65_536);
    const drain = async (connection) => { try { while (await connection.read(scrap) !== null); } catch {} };
    const attack = async ([first, bytes]) => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      drain(connection);
      try {
        await connection.write(first);
        while (bytes.length > 0) await connection.write(bytes);
      } catch {}
      try { connection.close(); } catch {}
    };
    do await Promise.all(packets.map(attack)); while (connects);
  };
`;

/** Starts an attacker. Dispose it to stop it. */
function attacker(data: { port: number; packets: Uint8Array[][]; connects?: boolean }): Disposable {
  const url = URL.createObjectURL(new Blob([ATTACKER], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  worker.postMessage(data);
  return {
    [Symbol.dispose]() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}

/** Milliseconds: a thread takes its time to begin on a busy machine. */
const BEGINNING = 20_000;

const FLOODS: Record<string, string> = {
  "PUBLISH at QoS 0": "30 1A 00 04 'topi' 00 '0123456789012345678'",
  "PUBLISH at QoS 1": "32 1C 00 04 'topi' 00 01 00 '0123456789012345678'",
  "SUBSCRIBE": "82 0A 00 01 00 00 04 'a/+/' 00",
  "PINGREQ": "C0 00",
};

for (const [name, packet] of Object.entries(FLOODS)) {
  Deno.test(`a victim is served while others flood with ${name}`, async () => {
    const transport = overTcp();
    await using harness = await start(transport, { maximumMessageRate: 5_000, maximumByteRate: 200_000 });
    const victim = await harness.connect("victim");
    await victim.subscribe("victim");
    const port = portOf(transport);
    const bytes = repeated(hex(packet), 16_384);
    const packets = ["0", "1", "2", "3"].map((id) => [hex(`10 0E 00 04 'MQTT' 05 02 00 00 00 00 01 '${id}'`), bytes]);
    using _attacker = attacker({ port, packets });
    await until(() => harness.broker.info.bytesReceived > 100_000, "the flood", BEGINNING);
    await expectQuickTrips(victim);
  });
}

Deno.test("a victim is served while others connect and connect", async () => {
  const transport = overTcp();
  await using harness = await start(transport, { maximumConnectionRate: 100 });
  const victim = await harness.connect("victim");
  await victim.subscribe("victim");
  const port = portOf(transport);
  const packets = [[hex("10 0E 00 04 'MQTT' 05 02 00 00 00 00 01 'z'"), new Uint8Array(0)]];
  using _attacker = attacker({ port, packets: Array(8).fill(packets[0]), connects: true });
  await until(() => harness.broker.info.connectionsAccepted > 50, "the flood", BEGINNING);
  await expectQuickTrips(victim);
});

Deno.test("connections of one address are limited, those of others are not", async () => {
  const capabilities = { maximumClientsPerAddress: 3 };
  await using harness = await Harness.start({ capabilities });
  const connect = (remoteAddress: string) => {
    const listener = harness.broker.listeners.get("memory") as unknown as {
      connect(options: object): { close(): void };
    };
    return listener.connect({ remoteAddress });
  };
  const open = (address: string) => Array.from({ length: 5 }, (_, index) => connect(`${address}:${1_000 + index}`));
  const sockets = [...open("192.0.2.1"), ...open("192.0.2.2"), ...open("[2001:db8::1]")];
  await harness.settle();
  assertEquals(harness.broker.info.connectionsAccepted, 9);
  for (const socket of sockets) socket.close();
  await harness.settle();
  const again = [...open("192.0.2.1")];
  await harness.settle();
  assertEquals(harness.broker.info.connectionsAccepted, 12, "who has gone makes room");
  for (const socket of again) socket.close();
  await expectServed(harness);
});
