import { assert, assertEquals } from "@std/assert";
import { startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { RawWebSocket, upgradeRequest } from "../helpers/raw_websocket.ts";
import { until } from "../helpers/until.ts";
import { SilentPeers } from "./silent_peers.ts";

const PEERS = 700, DESCRIPTORS = 256;
const HALF = new TextEncoder().encode("GET / HTTP/1.1\r\nHost:");

Deno.test("descriptors used up: WebSockets and HTTP requests that say nothing more keep nobody out", async () => {
  await using broker = await startProgram({ ulimit: DESCRIPTORS });
  await using good = await startGoodClient(broker);
  using opened = new SilentPeers(broker.port("ws"));
  using half = new SilentPeers(broker.port("http"));
  await opened.add(PEERS, () => upgradeRequest());
  await half.add(PEERS, () => HALF);
  assertEquals([opened.opened, half.opened], [PEERS, PEERS]);
  await until(() => opened.open + half.open < DESCRIPTORS - 64, "the end of most of them");
  using client = await RawWebSocket.open(`127.0.0.1:${broker.port("ws")}`);
  assertEquals(client.protocol, "mqtt");
  const { status } = await RawWebSocket.request(`127.0.0.1:${broker.port("http")}`, { path: "/" });
  assertEquals(status, 200);
  assertServed(await good.report());
  assert(await broker.descriptors() < DESCRIPTORS);
  assertEquals((await broker.terminate()).code, 0);
  assert(broker.output().split("\n").length < 30, broker.output());
});
