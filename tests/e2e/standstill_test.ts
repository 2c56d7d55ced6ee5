/** A process that stands still for a while: stopped by a signal, or by the machine that it runs on. */
import { assertEquals } from "@std/assert";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { type ByteStream, connectTo } from "../helpers/byte_link.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { RawWebSocket } from "../helpers/raw_websocket.ts";
import { within } from "../helpers/within.ts";

const CLIENTS = 300, PAUSE = 2_500;
const NEW_CLIENTS = 1_000;
/** How many clients of each kind are in the middle of something. */
const EACH = 40;

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function clientOver(stream: ByteStream): RawClient {
  return new RawClient(stream, { version: 5, patience: 10_000 });
}

Deno.test("clients that go on pinging are there still after the broker stood still", async () => {
  await using broker = await startProgram({ args: ["--tcp", "127.0.0.1:0"] });
  const clients: RawClient[] = [];
  const pinging = setInterval(() => {
    for (const client of clients) if (client.live) void client.send("C0 00").catch(() => {});
  }, 200);
  try {
    for (let index = 0; index < CLIENTS; index++) {
      const client = clientOver(await connectTo(`127.0.0.1:${broker.port("tcp")}`));
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

const CERTS = "tests/helpers/certs/", address = "127.0.0.1:0";
const tls = { cert_file: `${CERTS}server.pem`, key_file: `${CERTS}server.key` };
const caCerts = [Deno.readTextFileSync(`${CERTS}ca.pem`)];

function startWithShortLimits(): Promise<BrokerProgram> {
  return startProgram({
    config: {
      listeners: [
        { type: "tcp", address },
        { type: "tls", address, tls, handshake_timeout: 1 },
        { type: "ws", address, request_timeout: 1 },
        { type: "wss", address, tls, handshake_timeout: 1, request_timeout: 1 },
      ],
      hooks: { auth: { allow_all: true } },
      options: { connect_timeout: 1 },
    },
  });
}

/** What a client does before and after the broker stands still. */
interface Kind {
  readonly listener: string;
  readonly what: string;
  before(socket: Deno.TcpConn): Promise<ByteStream>;
  after(stream: ByteStream): Promise<ByteStream>;
}

const same = <T extends ByteStream>(stream: T) => Promise.resolve(stream);
const overTls = async (stream: ByteStream) => {
  const conn = await Deno.startTls(stream as Deno.TcpConn, { hostname: "localhost", caCerts });
  await conn.handshake();
  return conn;
};
const overWebSocket = async (stream: ByteStream) => (await RawWebSocket.open(stream)).socket();

const KINDS: readonly Kind[] = [
  { listener: "tcp", what: "CONNECT", before: same, after: same },
  { listener: "tls", what: "the TLS handshake", before: same, after: overTls },
  { listener: "tls", what: "CONNECT behind TLS", before: overTls, after: same },
  { listener: "ws", what: "the request", before: same, after: overWebSocket },
  { listener: "ws", what: "CONNECT behind the request", before: overWebSocket, after: same },
  { listener: "wss", what: "the request behind TLS", before: overTls, after: overWebSocket },
];

/** Somebody who comes later is let in: so those who came before were accepted. */
async function knownToBeAccepted({ listener }: Kind, broker: BrokerProgram): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: broker.port(listener) });
  const stream = listener === "tls" || listener === "wss" ? await overTls(conn) : conn;
  const client = clientOver(listener === "ws" || listener === "wss" ? await overWebSocket(stream) : stream);
  await client.connect({ clientId: "later" });
  await client.cut();
}

for (const kind of KINDS) {
  Deno.test(`a broker that stood still for longer than the limit looks at ${kind.what} before it ends anybody`, async () => {
    await using broker = await startWithShortLimits();
    const open = async () =>
      await kind.before(await Deno.connect({ hostname: "127.0.0.1", port: broker.port(kind.listener) }));
    const streams = await Promise.all(Array.from({ length: EACH }, open));
    await knownToBeAccepted(kind, broker);
    broker.signal("SIGSTOP");
    const connecting = streams.map(async (stream, index) =>
      await clientOver(await kind.after(stream)).connect({ clientId: `${index}` })
    );
    const settled = Promise.allSettled(connecting);
    await rest(1_500);
    broker.signal("SIGCONT");
    const results = await settled;
    assertEquals(results.flatMap((result) => result.status === "rejected" ? [String(result.reason)] : []), []);
    await Promise.all(connecting.map(async (client) => await (await client).cut()));
  });
}
