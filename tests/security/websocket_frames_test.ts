import { assert, assertEquals } from "@std/assert";
import { Harness } from "../helpers/harness.ts";
import { clientFrame, RawWebSocket } from "../helpers/raw_websocket.ts";
import { overWebSocket } from "../helpers/transports.ts";
import { connectBytes, packet } from "../conformance/v5/reactions.ts";
import { hex, joined } from "../packets/bytes.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { startProgram } from "../helpers/broker_program.ts";
import { Stranger } from "./web_attackers.ts";

/** Milliseconds of a flood. */
const LENGTH = 2_500;

async function scene(): Promise<{ harness: Harness; address: string } & AsyncDisposable> {
  const transport = overWebSocket(), harness = await Harness.start({ transport });
  return { harness, address: transport.listener.address, [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose]() };
}

Deno.test("attack: WebSocket frames split, merged, text, oversize", async () => {
  await using here = await scene();
  const publish = packet(0x30, `00 01 't' 00 '${"x".repeat(300)}'`), subscribe = packet(0x82, "00 01 00 00 01 't' 00");
  const story = joined(connectBytes(), subscribe, publish, hex("C0 00"));
  const split = [...story].map((byte) => clientFrame(Uint8Array.of(byte), { lengthBytes: 8 }));
  const fragments = [...story].map((byte, index) =>
    clientFrame(Uint8Array.of(byte), { opcode: index === 0 ? 2 : 0, final: index === story.length - 1 })
  );
  for (const frames of [[clientFrame(story)], split, fragments]) {
    using client = await RawWebSocket.open(here.address);
    await client.sendRaw(joined(...frames));
    const sizes: [number, number][] = [];
    while (sizes.at(-1)?.[0] !== 0xd0) {
      const frame = await client.receive();
      assert(frame !== null && frame.opcode === 2 && frame.final);
      sizes.push([frame.payload[0], frame.payload.length]);
    }
    assertEquals(sizes.map(([first]) => first), [0x20, 0x90, 0x30, 0xd0]); // one packet a frame
    assertEquals(sizes[2][1], publish.length);
  }
});

Deno.test("attack: WebSocket frames beyond what packets may have", async () => {
  await using here = await scene();
  using stranger = await RawWebSocket.open(here.address);
  const huge = joined(hex("10 FF FF FF 7F 00 04"), new Uint8Array(1_048_576));
  await stranger.send(huge).catch(() => {}); // it is closed meanwhile
  assertEquals((await stranger.receive())?.opcode ?? 8, 8);
  const watcher = await here.harness.connect("watcher");
  await watcher.subscribe("will");
  using client = await RawWebSocket.open(here.address);
  await client.send(connectBytes({ flags: "06", payload: "00 01 'a' 00 00 04 'will' 00 04 'gone'" }));
  assertEquals((await client.receive())!.payload[0], 0x20);
  await client.send("text", { opcode: 1 });
  assertEquals(await client.closeCode(), 1003);
  await watcher.expectMessage("will", "gone");
});

Deno.test("attack: pings without end from clients that read nothing", async () => {
  await using broker = await startProgram();
  await using good = await startGoodClient(broker);
  const before = await broker.rssBytes(), ping = clientFrame(new Uint8Array(125), { opcode: 9 });
  const pings = joined(...Array.from({ length: 500 }, () => ping));
  using client = await Stranger.upgrade(broker.port("ws"), clientFrame(connectBytes()));
  const address = `127.0.0.1:${broker.port("ws")}`;
  using deaf = await RawWebSocket.open(address);
  await deaf.send(connectBytes({ payload: "00 01 'b'" }));
  await good.report(); // what was before does not count
  for (const send of [() => client.send(pings), () => deaf.sendRaw(pings).then(() => true, () => false)]) {
    void (async () => {
      while (await send());
    })();
  }
  await new Promise((resolve) => setTimeout(resolve, LENGTH));
  assertServed(await good.report());
  assert(client.isOpen);
  const grown = await broker.rssBytes() - before;
  assert(grown < 50_000_000, `memory has grown by ${grown} bytes`);
});
