/** Records that cannot be read, on connections that are established: the end of the connection, whichever engine does TLS. */
import { assertEquals } from "@std/assert";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { allowAll, Broker, TlsListener, type TlsListenerOptions } from "../../mod.ts";
import { authority, certificate } from "../helpers/certificates.ts";
import { within } from "../helpers/within.ts";
import { EchoContext, hold, portOf, readExactly } from "./echo_context.ts";

const hostname = "127.0.0.1";
const ca = authority();
/** Milliseconds in which a connection ends whose bytes are corrupted. */
const PATIENCE = 2_000;

/** Carries bytes both ways, and from a moment on not as they are. */
class Meddler implements Disposable {
  /** Port to connect to. */
  readonly port: number;
  readonly #listener: Deno.TcpListener = Deno.listen({ hostname, port: 0 });
  readonly #open: Deno.Conn[] = [];
  #change: ((data: Uint8Array) => Uint8Array) | undefined;
  #up: Deno.Conn | undefined;

  /** @param target port that the bytes are carried to */
  constructor(target: number) {
    this.port = this.#listener.addr.port;
    this.#accept(target);
  }

  /** Sends these bytes to the server, which no client has sent. */
  async inject(data: Uint8Array): Promise<void> {
    await this.#up!.write(data);
  }

  /** Turns one bit of everything that the client sends from now on. */
  corrupt(): void {
    this.#change = (data) => {
      data[data.length - 1] ^= 1;
      return data;
    };
  }

  async #accept(port: number): Promise<void> {
    const down = await this.#listener.accept(), up = await Deno.connect({ hostname, port });
    this.#up = up;
    this.#open.push(down, up);
    this.#carry(down, up, (data) => this.#change?.(data) ?? data);
    this.#carry(up, down, (data) => data);
  }

  async #carry(from: Deno.Conn, to: Deno.Conn, change: (data: Uint8Array) => Uint8Array): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const length = await from.read(buffer);
        if (length === null) return await to.closeWrite();
        await to.write(change(buffer.slice(0, length)));
      }
    } catch {
      // one of the two is gone, which ends the test's connection
    }
  }

  /** Ends everything. */
  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#open) connection.close();
  }
}

async function open(port: number, version: "TLSv1.2" | "TLSv1.3"): Promise<TLSSocket> {
  const done = Promise.withResolvers<void>();
  const { cert, key } = certificate("client");
  const options = { port, host: hostname, ca, cert, key, servername: "localhost" };
  const socket = connectTls({ ...options, minVersion: version, maxVersion: version }, () => done.resolve());
  socket.on("error", done.reject);
  await done.promise;
  return socket;
}

type Fault = (meddler: Meddler, client: TLSSocket) => void | Promise<void>;

const FAULTS: [name: string, fault: Fault][] = [
  ["a bit that was turned", (meddler, client) => {
    meddler.corrupt();
    client.write(new Uint8Array(100));
  }],
  ["noise", (meddler) => meddler.inject(new Uint8Array(300).fill(0xa5))],
  ["a record that nobody has encrypted", (meddler) => meddler.inject(Uint8Array.of(23, 3, 3, 0, 20, ...Array(20)))],
  ["an alert that nobody has encrypted", (meddler) => meddler.inject(Uint8Array.of(21, 3, 3, 0, 2, 2, 40))],
];

const ENGINES: [name: string, options: Partial<TlsListenerOptions>][] = [
  ["without client certificates", {}],
  ["with client certificates", { certificate: { ...certificate("server"), clientCa: ca } }],
];

for (const [engine, options] of ENGINES) {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const [name, fault] of FAULTS) {
      Deno.test(`tls, ${engine}, ${version}: ${name} ends the connection`, async () => {
        const context = new EchoContext(hold);
        const listener = new TlsListener({
          id: "t",
          address: "127.0.0.1:0",
          certificate: certificate("server"),
          ...options,
        });
        listener.listen(context);
        const accepted = context.accepted();
        using meddler = new Meddler(portOf(listener.address));
        const client = await open(meddler.port, version);
        client.on("error", () => {}); // it is told, or just cut off
        client.write(new Uint8Array(5).fill(7));
        const socket = await accepted;
        assertEquals(await readExactly(socket, 5), new Uint8Array(5).fill(7));
        const reading = socket.read(new Uint8Array(10)).catch(() => null);
        await fault(meddler, client);
        assertEquals(await within(reading, "the end of the connection", PATIENCE), null);
        client.destroy();
        await listener.close();
        await context.end();
      });
    }
  }
}

for (const [engine, options] of ENGINES) {
  Deno.test(`tls, ${engine}: the will of a client whose bytes are corrupted is sent at once`, async () => {
    await using broker = new Broker({ sysTopicResendInterval: 0 });
    const listener = new TlsListener({
      id: "t",
      address: "127.0.0.1:0",
      certificate: certificate("server"),
      ...options,
    });
    await broker.addHook(allowAll());
    await broker.addListener(listener);
    await broker.serve();
    const will = Promise.withResolvers<string>();
    broker.subscribe("will", (_client, packet) => will.resolve(new TextDecoder().decode(packet.payload)));
    using meddler = new Meddler(portOf(listener.address));
    const client = await open(meddler.port, "TLSv1.3");
    client.on("error", () => {});
    const connected = new Promise((resolve) => client.once("data", resolve));
    // CONNECT of an MQTT 3.1.1 client "c" with the will "bye" on "will", Keep Alive off
    client.write(Uint8Array.of(
      ...[0x10, 24, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0x06, 0, 0, 0, 1, 0x63],
      ...[0, 4, 0x77, 0x69, 0x6c, 0x6c, 0, 3, 0x62, 0x79, 0x65],
    ));
    await connected;
    meddler.corrupt();
    client.write(Uint8Array.of(0xc0, 0));
    assertEquals(await within(will.promise, "the will", PATIENCE), "bye");
    client.destroy();
  });
}
