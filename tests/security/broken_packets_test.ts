import { assertEquals } from "@std/assert";
import type { ProtocolVersion } from "../../src/packets/types.ts";
import { toHex } from "../packets/bytes.ts";
import { Harness } from "../helpers/harness.ts";
import { expectServed, pause, rawSocket, writeAll } from "./attackers.ts";
import { corpus } from "./corpus.ts";

/** Sends a damaged packet, alone or behind a good CONNECT, and closes. Nothing but this connection may notice. */
async function attack(harness: Harness, version: ProtocolVersion, bytes: Uint8Array, first: boolean): Promise<void> {
  const socket = rawSocket(harness);
  if (!first) await writeAll(socket, corpus(version)[0]);
  await writeAll(socket, bytes);
  socket.close();
}

/** Fails when the broker met an error that it did not expect. */
async function expectUnharmed(harness: Harness): Promise<void> {
  await pause(5);
  assertEquals(harness.errors, []);
  await expectServed(harness);
}

for (const version of [3, 4, 5] as const) {
  Deno.test(`every prefix of every packet of version ${version}`, async () => {
    await using harness = await Harness.start();
    for (const [index, packet] of corpus(version).entries()) {
      for (let length = 1; length < packet.length; length++) {
        await attack(harness, version, packet.subarray(0, length), index === 0);
        const cut = packet.slice(0, length);
        if (length > 1) cut[1] = length - 2; // and as a whole packet that ends too soon
        await attack(harness, version, cut, index === 0);
      }
    }
    await expectUnharmed(harness);
  });

  Deno.test(`every packet of version ${version} with one byte changed`, async () => {
    await using harness = await Harness.start();
    for (const [index, packet] of corpus(version).entries()) {
      for (let at = 0; at < packet.length; at++) {
        for (const value of [0, 1, 0x7f, 0x80, 0xff, packet[at] ^ 1, packet[at] + 1 & 0xff]) {
          const changed = packet.slice();
          changed[at] = value;
          await attack(harness, version, changed, index === 0);
        }
      }
      await pause();
    }
    await expectUnharmed(harness);
  });
}

/** Numbers below a limit, always the same for a seed. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed % 0x7ffffffe + 1;
  return (limit) => {
    state = state * 48_271 % 0x7fffffff;
    return state % limit;
  };
}

/** Several packets in a row, with some bytes changed, inserted or removed. */
function mutated(version: ProtocolVersion, random: (limit: number) => number): Uint8Array {
  const packets = corpus(version), bytes: number[] = [];
  for (let count = 1 + random(3); count > 0; count--) bytes.push(...packets[random(packets.length)]);
  for (let count = 1 + random(4); count > 0; count--) {
    const at = random(bytes.length);
    bytes.splice(at, random(3), ...Array.from({ length: random(3) }, () => random(256)));
  }
  return Uint8Array.from(bytes);
}

for (const [name, seed] of [["a fixed", 4_711], ["a random", Math.floor(Math.random() * 2 ** 30)]] as const) {
  Deno.test(`mutated packets from ${name} seed`, async () => {
    await using harness = await Harness.start();
    const random = randomNumbers(seed);
    for (let round = 0; round < 3_000; round++) {
      const version = ([3, 4, 5] as const)[random(3)], bytes = mutated(version, random);
      await attack(harness, version, bytes, random(4) === 0);
      if (round % 100 === 0) await pause();
      if (harness.errors.length > 0) throw new Error(`seed ${seed}: ${toHex(bytes)}\n${harness.errors}`);
    }
    await expectUnharmed(harness);
  });
}
