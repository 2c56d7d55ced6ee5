/** Broken bytes: whatever arrives, the codec answers with a packet or with an MqttError. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodePacket, encodePacket } from "../../src/packets/codec.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { Framer } from "../../src/packets/framer.ts";
import type { ProtocolVersion } from "../../src/packets/types.ts";
import { ALL_CASES } from "./all_cases.ts";
import { framed, hex, toHex } from "./bytes.ts";

const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5];
const REASONS = new Set([0x81, 0x82, 0x84, 0x94, 0x95, 0x97]);

const GOOD: readonly [version: ProtocolVersion, bytes: Uint8Array][] = ALL_CASES.flatMap(({ version, good }) =>
  good.map((row): [ProtocolVersion, Uint8Array] => [version, hex(row.hex)])
);
const CORPUS: readonly [version: ProtocolVersion, bytes: Uint8Array][] = ALL_CASES.flatMap(({ version, good, bad }) =>
  [...good, ...bad].map((row): [ProtocolVersion, Uint8Array] => [version, hex(row.hex)])
);

/** Runs bytes through framer and decoder; false when they were refused. Anything but an MqttError is thrown on. */
function survives(bytes: Uint8Array, version: ProtocolVersion, from: "client" | "server"): boolean {
  const framer = new Framer({ maximumPacketSize: 10_000 });
  framer.push(bytes);
  try {
    while (framer.next()) {
      const { header, buffer, start, end } = framer;
      const packet = decodePacket(header, buffer, start, end, version, { from, maximumUserProperties: 50 });
      encodePacket(packet, version, { from });
    }
    return true;
  } catch (error) {
    if (error instanceof MqttError && REASONS.has(error.reasonCode)) return false;
    throw new Error(`v${version} from ${from}: ${toHex(bytes)}`, { cause: error });
  }
}

function bothEnds(bytes: Uint8Array, version: ProtocolVersion): void {
  survives(bytes, version, "client");
  survives(bytes, version, "server");
}

Deno.test("every prefix of every packet, framed as it is: more bytes are awaited or it is refused", () => {
  for (const [version, bytes] of CORPUS) {
    for (let length = 0; length < bytes.length; length++) {
      const framer = new Framer();
      framer.push(bytes.slice(0, length));
      assert(!framer.next());
      bothEnds(bytes.slice(0, length), version);
    }
  }
});

/** Whether the shorter body is a packet of its own: it may lack what is optional at its end. */
function mayEndEarly(version: ProtocolVersion, header: number, length: number): boolean {
  const type = header >>> 4;
  if (type === 3 || type === 8 || type === 9 || type === 10 || type === 11) return true; // payload, lists
  if (version === 3 && type === 1) return true; // credentials
  return version === 5 && (type >= 4 && type <= 7 ? length === 2 || length === 3 : type >= 14 && length < 2);
}

Deno.test("every prefix of every good body, framed as a packet of its own, is refused as malformed", () => {
  let refused = 0;
  for (const { version, good } of ALL_CASES) {
    for (const row of good) {
      const bytes = hex(row.hex);
      const framer = new Framer();
      framer.push(bytes);
      assert(framer.next());
      const { header } = framer;
      const body = bytes.slice(framer.start);
      for (let length = 0; length < body.length; length++) {
        const cut = framed(header, body.subarray(0, length));
        const accepted = survives(cut, version, row.from ?? "client");
        if (!mayEndEarly(version, header, length)) assert(!accepted, `v${version} ${row.name}: ${toHex(cut)}`);
        if (!accepted) refused++;
      }
    }
  }
  assert(refused > 1000);
});

Deno.test("every good packet with a byte left over is refused, unless it ends with a payload or a list", () => {
  for (const { version, good } of ALL_CASES) {
    for (const row of good) {
      const bytes = hex(row.hex);
      const framer = new Framer();
      framer.push(bytes);
      assert(framer.next());
      const longer = framed(framer.header, Uint8Array.from([...bytes.slice(framer.start), 0xff]));
      const accepted = survives(longer, version, row.from ?? "client");
      assertEquals(accepted, framer.header >>> 4 === 3, `v${version} ${row.name}: ${toHex(longer)}`);
    }
  }
});

const ALL_VALUES = Array.from({ length: 256 }, (_, value) => value);
const ODD_VALUES = [0, 1, 2, 3, 0x08, 0x0b, 0x11, 0x23, 0x26, 0x40, 0x7f, 0x80, 0x81, 0x92, 0xc3, 0xed, 0xfe, 0xff];

Deno.test("every one-byte change of every good packet", () => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // a million errors are quicker without their stacks
  try {
    changeEachByte();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
});

function changeEachByte(): void {
  for (const [version, original] of GOOD) {
    if (original.length > 150) continue;
    const bytes = Uint8Array.from(original);
    for (let at = 0; at < bytes.length; at++) {
      for (const value of original.length > 12 ? ODD_VALUES : ALL_VALUES) {
        bytes[at] = value;
        survives(bytes, version, "client");
      }
      bytes[at] = original[at];
    }
  }
}

Deno.test("every packet read as another version", () => {
  for (const [, bytes] of CORPUS) for (const version of VERSIONS) bothEnds(bytes, version);
});

Deno.test("every first byte with short bodies", () => {
  const bodies = ["", "00", "00 00", "00 01", "00 01 00", "00 01 00 00", "00 01 00 00 00", "FF FF FF FF", "00 01 't'"];
  for (let header = 0; header < 256; header++) {
    for (const body of bodies) for (const version of VERSIONS) bothEnds(framed(header, hex(body)), version);
  }
});

/** Mulberry32: a small generator of random numbers. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return (t ^ t >>> 14) >>> 0;
  };
}

/** Some edits of a packet: bytes changed, removed, doubled, or parts of another packet put in. */
function mutate(bytes: Uint8Array, next: () => number): Uint8Array {
  let result = [...bytes];
  for (let edits = next() % 4 + 1; edits > 0; edits--) {
    const at = next() % (result.length + 1);
    const other = CORPUS[next() % CORPUS.length][1];
    const part = other.subarray(next() % other.length).subarray(0, next() % 20);
    switch (next() % 5) {
      case 0:
        result[at] = next() & 0xff;
        break;
      case 1:
        result = result.toSpliced(at, next() % 4);
        break;
      case 2:
        result = result.toSpliced(at, 0, ...part);
        break;
      case 3:
        result[at] = [0, 1, 0x7f, 0x80, 0xff][next() % 5];
        break;
      case 4:
        result = result.toSpliced(at, part.length, ...part);
    }
  }
  return Uint8Array.from(result);
}

function fuzz(seed: number, rounds: number): void {
  const next = generator(seed);
  let accepted = 0;
  for (let i = 0; i < rounds; i++) {
    const [version, bytes] = CORPUS[next() % CORPUS.length];
    const changed = mutate(bytes, next);
    const length = changed.length < 2 ? 0 : changed.length - 2;
    // Half of them with a Remaining Length that fits, so that the decoders see them whole.
    const input = next() % 2 === 0 ? changed : framed(changed[0] ?? 0, changed.subarray(2, 2 + length));
    if (survives(input, version, next() % 2 === 0 ? "client" : "server")) accepted++;
  }
  assert(accepted > 0 && accepted < rounds);
}

Deno.test("fuzzing with a fixed seed", () => fuzz(20_240_229, 30_000));

Deno.test("fuzzing with a random seed", () => {
  const seed = Math.random() * 2 ** 32 | 0;
  console.log(`seed ${seed}`);
  try {
    fuzz(seed, 30_000);
  } catch (error) {
    throw new Error(`with seed ${seed}`, { cause: error });
  }
});

Deno.test("random bytes", () => {
  const next = generator(7);
  for (let i = 0; i < 20_000; i++) {
    const body = Uint8Array.from({ length: next() % 40 }, () => next() & 0xff);
    bothEnds(framed(next() & 0xff, body), VERSIONS[next() % 3]);
    bothEnds(body, VERSIONS[next() % 3]);
  }
});

Deno.test("a stream split at random places gives the same packets", () => {
  const next = generator(11);
  const good = ALL_CASES[0].good.map((row) => hex(row.hex));
  for (let round = 0; round < 50; round++) {
    const chosen = Array.from({ length: 30 }, () => good[next() % good.length]);
    const stream = Uint8Array.from(chosen.flatMap((bytes) => [...bytes]));
    const framer = new Framer({ initialSize: 16 + next() % 100 });
    const found: string[] = [];
    for (let at = 0; at < stream.length;) {
      const length = Math.min(1 + next() % 60, stream.length - at);
      const chunk = stream.slice(at, at + length);
      if (next() % 3 === 0) {
        framer.push(chunk);
        at += length;
      } else {
        const space = framer.space();
        const read = Math.min(space.length, length);
        space.set(chunk.subarray(0, read));
        framer.commit(read);
        at += read;
      }
      while (framer.next()) found.push(toHex(framer.buffer.subarray(framer.frameStart, framer.end)));
    }
    assertEquals(found, chosen.map(toHex));
  }
});

Deno.test("messages of errors stay short, whatever was sent", () => {
  const long = "#".repeat(60_000);
  const text = new TextEncoder().encode(long);
  const field = [text.length >>> 8, text.length & 255, ...text];
  const length = [(field.length + 1) & 0x7f | 0x80, (field.length + 1) >>> 7 & 0x7f | 0x80, (field.length + 1) >>> 14];
  const packets = [
    framed(0x30, Uint8Array.from([0, 1, 0x74, ...length, 0x08, ...field])),
    framed(0x10, Uint8Array.from([...field, 5, 2, 0, 60, 0, 0, 1, 0x61])),
  ];
  for (const bytes of packets) {
    const framer = new Framer();
    framer.push(bytes);
    assert(framer.next());
    const { header, buffer, start, end } = framer;
    const error = assertThrows(() => decodePacket(header, buffer, start, end, 5), MqttError);
    assert(error.message.length < 200);
  }
});
