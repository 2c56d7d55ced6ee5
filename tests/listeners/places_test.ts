/** Every connection has a place before anything is done for it, and gives it back. */
import { assertEquals } from "@std/assert";
import { NetListener } from "../../listeners/net.ts";
import { TcpListener } from "../../listeners/tcp.ts";
import { TlsListener } from "../../listeners/tls.ts";
import type { Listener } from "../../src/broker/core/listener.ts";
import { certificate } from "../helpers/certificates.ts";
import { until } from "../helpers/until.ts";
import { EchoContext, portOf, readToEnd } from "./echo_context.ts";

const address = "127.0.0.1:0", hostname = "127.0.0.1";

const LISTENERS: [name: string, make: () => Listener][] = [
  ["tcp", () => new TcpListener({ id: "l", address })],
  ["tls", () => new TlsListener({ id: "l", address, certificate: certificate("server") })],
  ["net", () => new NetListener({ id: "l", connections: Deno.listen({ hostname, port: 0 }) })],
];

for (const [name, make] of LISTENERS) {
  const withListener = async (test: (port: number, context: EchoContext) => Promise<void>) => {
    const listener = make(), context = new EchoContext();
    await listener.listen(context);
    await test(portOf(listener.address), context);
    await listener.close();
    await context.end();
  };

  Deno.test(`${name}: a silent connection has a place, with its address, until it ends`, () =>
    withListener(async (port, context) => {
      const silent = await Deno.connect({ hostname, port });
      await until(() => context.places.size === 1, "the place");
      const [{ remoteAddress }] = context.places;
      assertEquals(remoteAddress, `127.0.0.1:${(silent.localAddr as Deno.NetAddr).port}`);
      silent.close();
      await until(() => context.places.size === 0, "the end of the place");
    }));

  Deno.test(`${name}: without a place a connection is closed, and nobody hears of it`, () =>
    withListener(async (port, context) => {
      context.isFull = true;
      using refused = await Deno.connect({ hostname, port });
      assertEquals(await readToEnd(refused), 0);
      assertEquals([context.sockets.length, context.lines.length], [0, 0]);
    }));

  Deno.test(`${name}: a place that is needed for somebody else ends its connection at once`, () =>
    withListener(async (port, context) => {
      using silent = await Deno.connect({ hostname, port });
      await until(() => context.places.size === 1, "the place");
      for (const { close } of context.places) close();
      assertEquals(await readToEnd(silent), 0);
      await until(() => context.places.size === 0, "the end of the place");
    }));
}
