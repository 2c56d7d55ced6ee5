/** Silent TLS handshakes, and TLS that is none: they are ended in time, cost others nothing, and fill no log. */

import { assert, assertEquals } from "@std/assert";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { until } from "../helpers/until.ts";
import { SilentPeers } from "./silent_peers.ts";

const TLS = { cert_file: "tests/helpers/certs/server.pem", key_file: "tests/helpers/certs/server.key" };

function startWithTls(ulimit: number): Promise<BrokerProgram> {
  const address = "127.0.0.1:0";
  return startProgram({
    ulimit,
    config: {
      listeners: [{ type: "tls", address, tls: TLS, handshake_timeout: 1 }, { type: "tcp", address }],
      hooks: { auth: { allow_all: true } },
    },
  });
}

/** What each stranger sends, at most. */
const HELLOS: [what: string, hello: Uint8Array][] = [
  ["that say nothing", new Uint8Array(0)],
  ["that begin a record", Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3)],
  ["that are no TLS", new Uint8Array(300).fill(0xa5)],
];

for (const [what, hello] of HELLOS) {
  Deno.test(`silent TLS handshakes: 600 ${what} at ulimit -n 256 keep nobody out and are ended in time`, async () => {
    await using broker = await startWithTls(256);
    await using good = await startGoodClient(broker.port("tls"), { tls: true });
    const descriptors = await broker.descriptors();
    using peers = new SilentPeers(broker.port("tls"));
    await peers.add(600, () => hello);
    await until(() => peers.open === 0, "the end of all handshakes", 5_000);
    assertEquals(peers.opened, 600);
    assertServed(await good.report(), { roundTrips: 5 });
    assert(await broker.descriptors() <= descriptors + 3);
    assert(broker.output().split("\n").length < 30, broker.output());
    assertEquals((await broker.terminate()).code, 0);
  });
}
