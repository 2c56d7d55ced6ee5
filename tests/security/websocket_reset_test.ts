import { assert, assertEquals } from "@std/assert";
import { startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { RawWebSocket, upgradeRequest } from "../helpers/raw_websocket.ts";
import { sendAndReset } from "./web_attackers.ts";

const REQUESTS = 600, AT_ONCE = 20, DESCRIPTORS = 256;
/** Milliseconds that the attack goes on for at least: 1 of 100 round trips of the good client may be slow. */
const LENGTH = 2_500;

Deno.test("attack: WebSocket request reset before its answer", async () => {
  await using broker = await startProgram({ ulimit: DESCRIPTORS });
  await using good = await startGoodClient(broker);
  const before = await broker.descriptors();
  const page = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  for (const [port, request] of [[broker.port("ws"), upgradeRequest()], [broker.port("http"), page]] as const) {
    const begun = performance.now();
    for (let sent = 0; sent < REQUESTS || performance.now() - begun < LENGTH / 2; sent += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => sendAndReset(port, request)));
    }
  }
  using client = await RawWebSocket.open(`127.0.0.1:${broker.port("ws")}`);
  assertEquals(client.protocol, "mqtt");
  assertServed(await good.report());
  let descriptors = await broker.descriptors();
  while (descriptors > before + 5) descriptors = await broker.descriptors(); // the last ones end a moment later
  assert(broker.running);
  assertEquals((await broker.terminate()).code, 0);
});
