/**
 * Connections of your own making: everything that yields streams of bytes can be a listener.
 *
 * Here it is a TCP port behind a bouncer, who lets each address in a few times a minute.
 *
 *     deno run --allow-net examples/net.ts [port]
 */
import { allowAll, Broker, NetListener } from "@mochi/broker";
import { stopped } from "./stopped.ts";

const PER_MINUTE = 5;

const tcp = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 1883) });
const visits = new Map<string, number>();

async function* bouncer(): AsyncGenerator<Deno.TcpConn> {
  for await (const connection of tcp) {
    const { hostname } = connection.remoteAddr;
    const visit = (visits.get(hostname) ?? 0) + 1;
    visits.set(hostname, visit);
    if (visit <= PER_MINUTE) yield connection;
    else connection.close();
  }
}

const connections = Object.assign(bouncer(), { addr: tcp.addr, close: () => tcp.close() });
const minute = setInterval(() => visits.clear(), 60_000);

await using broker = new Broker();
await broker.addHook(allowAll());
await broker.addListener(new NetListener({ id: "bouncer", connections }));
await broker.serve();

console.log(`MQTT over TCP at ${tcp.addr.hostname}:${tcp.addr.port}, ${PER_MINUTE} connections a minute`);
await stopped();
clearInterval(minute);
