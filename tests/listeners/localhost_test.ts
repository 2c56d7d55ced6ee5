/** `localhost` is IPv4 and IPv6, for every listener that has a port. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { HttpHealthListener, HttpStatsListener, TcpListener, TlsListener, WebSocketListener } from "../../mod.ts";
import { certificate } from "../helpers/certificates.ts";
import { EchoContext, portOf } from "./echo_context.ts";

const hasIpv6 = (() => {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false; // as in some containers
  }
})();
const hosts = hasIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
const pair = certificate("server");

const LISTENERS = [
  (address: string) => new TcpListener({ id: "tcp", address }),
  (address: string) => new TlsListener({ id: "tls", address, certificate: pair }),
  (address: string) => new WebSocketListener({ id: "ws", address }),
  (address: string) => new WebSocketListener({ id: "wss", address, certificate: pair }),
  (address: string) => new HttpStatsListener({ id: "stats", address }),
  (address: string) => new HttpHealthListener({ id: "health", address }),
];

async function connect(hostname: string, port: number): Promise<void> {
  (await Deno.connect({ hostname, port })).close();
}

for (const make of LISTENERS) {
  const { id } = make("localhost:0");
  Deno.test(`localhost: ${id} listens on both families, on one port, and lets go of both`, async () => {
    const listener = make("localhost:0"), context = new EchoContext();
    await listener.listen(context);
    assertMatch(listener.address, /^localhost:[1-9]\d*$/);
    const port = portOf(listener.address);
    for (const hostname of hosts) await connect(hostname, port);
    await listener.close();
    for (const hostname of hosts) await assertRejects(() => connect(hostname, port), Deno.errors.ConnectionRefused);
    await context.end();
  });
}

for (const make of [LISTENERS[1], LISTENERS[3]]) {
  const { id } = make("localhost:0");
  Deno.test(`localhost: ${id} has another certificate on both families after a reload`, async () => {
    const listener = make("localhost:0") as TlsListener, context = new EchoContext();
    await listener.listen(context);
    const { address } = listener;
    await listener.reload(certificate("server2"));
    assertEquals(listener.address, address);
    for (const hostname of hosts) await connect(hostname, portOf(address));
    await listener.close();
    await context.end();
  });
}
