/** A process that stands still for a while: stopped by a signal, or by the machine that it runs on. */
import { assertEquals } from "@std/assert";
import { startProgram } from "../helpers/broker_program.ts";
import { connectTo } from "../helpers/packet_link.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { within } from "../helpers/within.ts";

const CLIENTS = 300, PAUSE = 2_500;
const NEW_CLIENTS = 1_000;

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test("clients that go on pinging are there still after the broker stood still", async () => {
  await using broker = await startProgram({ args: ["--tcp", "127.0.0.1:0"] });
  const clients: RawClient[] = [];
  const pinging = setInterval(() => {
    for (const client of clients) if (client.live) void client.send("C0 00").catch(() => {});
  }, 200);
  try {
    for (let index = 0; index < CLIENTS; index++) {
      const stream = await connectTo(`127.0.0.1:${broker.port("tcp")}`);
      const client = new RawClient(stream, { version: 5, patience: 10_000 });
      clients.push(await client.connect({ clientId: `${index}`, keepAlive: 1 }));
    }
    broker.signal("SIGSTOP");
    await rest(PAUSE);
    broker.signal("SIGCONT");
    await Promise.allSettled(clients.map((client) => client.barrier()));
    assertEquals(clients.filter((client) => client.live).length, CLIENTS);
  } finally {
    clearInterval(pinging);
    await Promise.all(clients.map((client) => client.cut()));
  }
});

Deno.test("1,000 clients that come while the broker stands still find room, and are all let in", async () => {
  await using broker = await startProgram({ args: ["--tcp", "127.0.0.1:0"] });
  broker.signal("SIGSTOP"); // a connection that the system has no room for does not open until it is continued
  const comers = Array.from({ length: NEW_CLIENTS }, () => connectTo(`127.0.0.1:${broker.port("tcp")}`));
  const streams = await within(Promise.all(comers), "1,000 connections")
    .finally(() => broker.signal("SIGCONT"));
  const clients = streams.map((stream) => new RawClient(stream, { version: 5, patience: 10_000 }));
  await Promise.all(clients.map((client, index) => client.connect({ clientId: `${index}` })));
  await Promise.all(clients.map((client) => client.cut()));
});
