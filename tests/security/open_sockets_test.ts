/** WebSocket request reset before its answer; descriptors used up; accept() of a connection that is already reset. */

import { assert, assertEquals } from "@std/assert";
import { encodePacket } from "../../src/packets/codec.ts";
import { startProgram } from "../helpers/broker_program.ts";
import { Child } from "../helpers/child.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { connectTo } from "../helpers/byte_link.ts";
import { testWith } from "../helpers/programs.ts";
import { connectPacket, RawClient } from "../helpers/raw_client.ts";
import { until } from "../helpers/until.ts";
import { SilentPeers } from "./silent_peers.ts";

/** What each stranger sends, at most. */
const HELLOS: [what: string, hello: Uint8Array][] = [
  ["silent connections", new Uint8Array(0)],
  ["the beginnings of a CONNECT", Uint8Array.of(0x10, 0x20, 0x00)],
];

for (const [what, hello] of HELLOS) {
  Deno.test(`descriptors used up: 2,000 of ${what} at ulimit -n 256 keep nobody out`, async () => {
    await using broker = await startProgram({ ulimit: 256 });
    await using good = await startGoodClient(broker);
    using peers = new SilentPeers(broker.port("tcp"));
    await peers.add(2_000, () => hello);
    assertEquals(peers.opened, 2_000);
    await until(() => peers.open <= 192, "the end of all but 192");
    const seen = await good.report();
    assertServed(seen);
    assert(seen.connects > 0);
    const statistics = await fetch(`http://127.0.0.1:${broker.port("sysinfo")}/`);
    assertEquals(statistics.status, 200);
    assert((await statistics.text()).includes("clients"));
    assert(await broker.descriptors() < 256);
    const { code, milliseconds } = await broker.terminate();
    assertEquals(code, 0);
    assert(milliseconds < 5_000, `${milliseconds} ms`);
    assert(broker.output().split("\n").length < 30, broker.output());
  });
}

Deno.test("descriptors used up: clients that stay leave a way in at ulimit -n 256", async () => {
  await using broker = await startProgram({ ulimit: 256 });
  await using good = await startGoodClient(broker, { newConnections: false });
  using peers = new SilentPeers(broker.port("tcp"));
  const connect = (clientId: string) => encodePacket(connectPacket({ clientId }, 5), 5, { from: "client" })!;
  await peers.add(400, (peer) => connect(`client-${peer}`));
  await until(() => peers.open === 185, "the refusal of all clients but 186");
  const again = new RawClient(await connectTo(`127.0.0.1:${broker.port("tcp")}`), { version: 5 });
  await again.connect({ clientId: "client-7" }); // takes the place of its own connection
  await until(() => peers.open === 184, "the end of the old connection");
  assertServed(await good.report(), { roundTrips: 5 });
  assertEquals((await broker.terminate()).code, 0);
});

testWith(["python3"], "accept() of a connection that is already reset: 2,000 of them cost nobody time", async () => {
  await using broker = await startProgram();
  await using good = await startGoodClient(broker);
  const args = ["tests/security/reset_connections.py", `${broker.port("tcp")}`, "2000", "20"];
  await using resets = new Child("python3", args);
  assertEquals((await resets.end()).code, 0);
  const seen = await good.report();
  assertServed(seen);
  assert(seen.connects > 0);
  assert(broker.output().split("\n").length < 30, broker.output());
});
