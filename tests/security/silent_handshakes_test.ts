/** Silent TLS handshakes, and TLS that is none: they are ended in time, cost others nothing, and fill no log. */

import { assert, assertEquals } from "@std/assert";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { until } from "../helpers/until.ts";
import { within } from "../helpers/within.ts";
import { SilentPeers } from "./silent_peers.ts";

const TLS = { cert_file: "tests/helpers/certs/server.pem", key_file: "tests/helpers/certs/server.key" };

function startWithTls(ulimit: number, timeout = 1): Promise<BrokerProgram> {
  const address = "127.0.0.1:0";
  return startProgram({
    ulimit,
    config: {
      listeners: [{ type: "tls", address, tls: TLS, handshake_timeout: timeout }, { type: "tcp", address }],
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
    await using good = await startGoodClient(broker, { tls: true });
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

/** What a client says first. */
async function clientHello(): Promise<Uint8Array> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = Deno.connectTls({ hostname: "127.0.0.1", port: listener.addr.port });
  const server = await listener.accept(), bytes = new Uint8Array(4_096);
  using client = await connecting;
  const handshake = client.handshake().catch(() => {}); // it is hung up on
  const length = await server.read(bytes);
  server.close();
  await handshake;
  return bytes.subarray(0, length!);
}

Deno.test("TLS handshakes whose peers go in the middle are freed long before their time is over", async () => {
  await using broker = await startWithTls(1_024, 60);
  const descriptors = await broker.descriptors(), port = broker.port("tls"), hello = await clientHello();
  for (let peer = 0; peer < 200; peer++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(hello);
    if (peer % 2 === 0) await connection.closeWrite();
    // what it leaves unread resets the connection; the broker may have ended it before
    if (peer % 4 < 2) await connection.read(new Uint8Array(1)).catch(() => null);
    connection.close();
  }
  const freed = async () => {
    while (await broker.descriptors() > descriptors + 3) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await within(freed(), "the end of all handshakes");
});
