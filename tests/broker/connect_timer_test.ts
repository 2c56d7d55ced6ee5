import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import type { Properties } from "../../src/packets/types.ts";
import { type ConnectOptions, Harness, type HarnessOptions, PacketType, type RawClient } from "../helpers/harness.ts";

const METHOD: Properties = { authenticationMethod: "M" };

/** A hook that takes its time when it is first asked for one event, and lets everybody in. */
class Slow {
  readonly hook: Hook;
  /** How often it was asked. */
  asked = 0;
  #answer: ((value: unknown) => void) | undefined;

  constructor(event: keyof Hook, options: Partial<Hook> = {}) {
    const first = () => new Promise((resolve) => this.#answer = resolve);
    const slow = () => this.asked++ === 0 ? first() : undefined;
    const open = { onConnectAuthenticate: () => true, onAclCheck: () => true };
    this.hook = { id: "slow", ...open, ...options, [event]: slow } as Hook;
  }

  /** Answers at last. */
  answer(value?: unknown): void {
    this.#answer!(value);
  }
}

/** What waits between CONNECT and CONNACK, and what the hook answers in the end. */
const WAITS: [event: keyof Hook, connect: ConnectOptions, answer: unknown, hook?: Partial<Hook>][] = [
  ["onPacketRead", {}, undefined],
  ["onConnect", {}, undefined],
  ["onConnectAuthenticate", {}, true],
  ["onAuthPacket", { properties: METHOD }, { type: PacketType.AUTH, reasonCode: 0, properties: METHOD }],
  ["onAclCheck", { will: {} }, true],
  ["onSessionEstablished", {}, undefined, { durable: true }],
];

/** A client whose CONNECT waits for the hook. */
async function waiting(
  slow: Slow,
  connect: ConnectOptions,
  options: HarnessOptions = {},
): Promise<{ harness: Harness; client: RawClient }> {
  const harness = await Harness.start({ connectTimeout: 1, hooks: [slow.hook], errorsExpected: true, ...options });
  const client = await harness.open(connect.protocolVersion);
  await client.sendConnect(connect);
  await harness.clock.advance(0);
  assertEquals(slow.asked, 1);
  return { harness, client };
}

for (const [event, connect, answer, hook] of WAITS) {
  Deno.test(`the time for CONNECT is over once it has come, however long ${event} takes`, async () => {
    const slow = new Slow(event, hook);
    const { harness, client } = await waiting(slow, connect);
    await using _ = harness;
    await harness.clock.advance(9_000);
    slow.answer(answer);
    await client.expect({ type: PacketType.CONNACK, reasonCode: 0 });
    await harness.clock.advance(60_000);
    await client.expectNothing();
  });

  for (const protocolVersion of connect.properties === undefined ? [5, 4, 3] as const : [5] as const) {
    Deno.test(`when ${event} is too slow, MQTT ${protocolVersion} says that the server is not available`, async () => {
      const { harness, client } = await waiting(new Slow(event, hook), { ...connect, protocolVersion });
      await using _ = harness;
      await harness.clock.advance(11_250);
      if (protocolVersion === 5) await client.expectRefusal(0x88);
      else {
        await client.expect("20 02 00 03");
        await client.expectClosed();
      }
      assertEquals(harness.broker.clients.size, 0);
    });
  }
}

Deno.test("onPacketRead may take its time for AUTH too", async () => {
  let answer: (() => void) | undefined;
  const hook: Hook = {
    id: "reading",
    onAuthPacket: (_client, packet) => ({
      type: PacketType.AUTH,
      reasonCode: packet.properties!.authenticationData === undefined ? 0x18 : 0,
      properties: METHOD,
    }),
    onPacketRead: (_client, packet) =>
      packet.type === PacketType.AUTH ? new Promise((resolve) => answer = () => resolve(undefined)) : undefined,
  };
  await using harness = await Harness.start({ connectTimeout: 1, hooks: [hook] });
  const client = await harness.open();
  await client.sendConnect({ properties: METHOD });
  await client.expect({ type: PacketType.AUTH });
  const properties = { ...METHOD, authenticationData: Uint8Array.of(1) };
  await client.send({ type: PacketType.AUTH, reasonCode: 0x18, properties });
  await harness.clock.advance(9_000);
  answer!();
  await client.expect({ type: PacketType.CONNACK, reasonCode: 0 });
});

/** Asks for one AUTH after the other. */
const endless: Hook = {
  id: "endless",
  onAuthPacket: () => ({ type: PacketType.AUTH, reasonCode: 0x18, properties: METHOD }),
};

Deno.test("each AUTH of a client has its own time, and no more", async () => {
  await using harness = await Harness.start({ connectTimeout: 1, hooks: [endless] });
  const client = await harness.open();
  await client.sendConnect({ properties: METHOD });
  for (let step = 0; step < 5; step++) {
    await client.expect({ type: PacketType.AUTH });
    await harness.clock.advance(999);
    await client.send({ type: PacketType.AUTH, reasonCode: 0x18, properties: METHOD });
  }
  await client.expect({ type: PacketType.AUTH });
  await harness.clock.advance(1_000);
  await client.expectClosed();
});

Deno.test("a client is asked for AUTH 32 times, and then it is not let in", async () => {
  await using harness = await Harness.start({ hooks: [endless] });
  const client = await harness.open();
  await client.sendConnect({ properties: METHOD });
  for (let step = 0; step < 32; step++) {
    await client.expect({ type: PacketType.AUTH });
    await client.send({ type: PacketType.AUTH, reasonCode: 0x18, properties: METHOD });
  }
  await client.expectRefusal(0x87);
});

Deno.test("re-authentication has no time limit of this kind", async () => {
  let reply = 0;
  const hook: Hook = {
    id: "again",
    onAuthPacket: () => ({ type: PacketType.AUTH, reasonCode: reply, properties: METHOD }),
  };
  await using harness = await Harness.start({ connectTimeout: 1, hooks: [hook] });
  const client = await harness.connect({ properties: METHOD });
  reply = 0x18;
  await client.send({ type: PacketType.AUTH, reasonCode: 0x19, properties: METHOD });
  await client.expect({ type: PacketType.AUTH });
  await harness.clock.advance(60_000);
  await client.expectNothing();
});
