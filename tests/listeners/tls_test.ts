import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { connect as connectTls } from "node:tls";
import { TlsListener, type TlsListenerOptions } from "../../listeners/tls.ts";
import { authority, certificate, type CertificatePair } from "../helpers/certificates.ts";
import { EchoContext, hold, pattern, portOf, readExactly, readToEnd, roundTrip, writeAll } from "./echo_context.ts";

const ca = authority();
const hostname = "127.0.0.1";

interface Setup {
  readonly port: number;
  readonly context: EchoContext;
  readonly listener: TlsListener;
  connect(client?: CertificatePair): Promise<Deno.TlsConn>;
}

async function withListener(
  test: (setup: Setup) => Promise<void>,
  options: Partial<TlsListenerOptions> = {},
  serve?: ConstructorParameters<typeof EchoContext>[0],
): Promise<void> {
  const context = new EchoContext(serve);
  const address = "127.0.0.1:0";
  const listener = new TlsListener({ id: "tls1", address, certificate: certificate("server"), ...options });
  listener.listen(context);
  const port = portOf(listener.address);
  const connect = (client?: CertificatePair) => Deno.connectTls({ port, hostname, caCerts: [ca], ...client });
  try {
    await test({ port, context, listener, connect });
  } finally {
    await listener.close();
    await context.end();
  }
}

const mutual = { certificate: { ...certificate("server"), clientCa: ca } };

/** TLS with and without client certificates. */
const KINDS: [name: string, options: Partial<TlsListenerOptions>][] = [
  ["tls", {}],
  ["tls with client certificates", mutual],
];

/** The error of a client that should not get in; TLS 1.3 tells it with the first read. */
async function refused(connecting: Promise<Deno.TlsConn>): Promise<void> {
  let client: Deno.TlsConn;
  try {
    client = await connecting;
  } catch {
    return;
  }
  const length = await client.write(new Uint8Array(1)).then(() => client.read(new Uint8Array(1))).catch(() => null);
  client.close();
  assertEquals(length, null);
}

/** Common name of the certificate that a new client is shown. */
async function shownName(port: number): Promise<string | string[]> {
  const done = Promise.withResolvers<string | string[]>(), closed = Promise.withResolvers<void>();
  const socket = connectTls({ port, host: hostname, servername: "localhost", ca }, () => {
    done.resolve(socket.getPeerCertificate().subject.CN ?? "");
    socket.destroy();
  });
  socket.on("error", done.reject);
  socket.on("close", () => closed.resolve());
  await closed.promise;
  return done.promise;
}

Deno.test("tls echoes bytes of any length, for many clients at once", () =>
  withListener(async ({ connect, context, listener }) => {
    assertMatch(listener.address, /^127\.0\.0\.1:[1-9]\d*$/);
    assertEquals([listener.id, listener.protocol], ["tls1", "tls"]);
    await Promise.all([1, 10, 16_384, 100_000, 1_000_000].map(async (length) => {
      using client = await connect();
      assertEquals(await roundTrip(client, pattern(length)), pattern(length));
    }));
    assertEquals(context.sockets[0].certificate, undefined);
    assertMatch(context.sockets[0].remoteAddress, /^127\.0\.0\.1:\d+$/);
  }));

Deno.test("tls: reads of a few bytes", () =>
  withListener(
    async ({ connect, context }) => {
      const accepted = context.accepted();
      using client = await connect();
      await client.write(pattern(5_000));
      const socket = await accepted, bytes: number[] = [];
      while (bytes.length < 5_000) {
        const buffer = new Uint8Array(7), length = await socket.read(buffer);
        bytes.push(...buffer.subarray(0, length!));
      }
      assertEquals(Uint8Array.from(bytes), pattern(5_000));
    },
    {},
    hold,
  ));

Deno.test("tls: the peer reads what was written and then the end", () =>
  withListener(
    async ({ connect, context }) => {
      const accepted = context.accepted();
      using client = await connect();
      const socket = await accepted;
      await writeAll(socket, pattern(500_000));
      socket.close();
      socket.close();
      assertEquals((await readExactly(client, 500_000)).length, 500_000);
      assertEquals(await client.read(new Uint8Array(1)), null); // TLS was ended properly, otherwise this throws
      await assertRejects(() => socket.write(pattern(1)), Deno.errors.BrokenPipe);
      assertEquals(await readToEnd(socket), 0);
    },
    {},
    hold,
  ));

Deno.test("tls: half close is read as the end, then the rest is closed", () =>
  withListener(
    async ({ connect, context }) => {
      const accepted = context.accepted();
      using client = await connect();
      const socket = await accepted;
      const read = socket.read(new Uint8Array(1));
      await socket.closeWrite!();
      assertEquals(await readToEnd(client), 0);
      socket.close();
      assertEquals(await read, null);
    },
    {},
    hold,
  ));

Deno.test("tls: a peer that vanishes ends its connection only", () =>
  withListener(
    async ({ connect, context }) => {
      const accepted = context.accepted();
      const client = await connect();
      const socket = await accepted;
      client.close();
      assertEquals(await readToEnd(socket), 0);
      using other = await connect();
      assert(other);
    },
    {},
    hold,
  ));

Deno.test("tls: what nobody reads stays in the network, until somebody does", () =>
  withListener(
    async ({ connect, context }) => {
      const accepted = context.accepted();
      using client = await connect();
      const chunk = new Uint8Array(65_536);
      let sent = 0;
      for (;;) {
        const stuck = Promise.withResolvers<null>();
        const timer = setTimeout(() => stuck.resolve(null), 500);
        const write = client.write(chunk);
        const count = await Promise.race([write, stuck.promise]);
        clearTimeout(timer);
        if (count === null) {
          const received = readExactly(await accepted, sent + 1);
          sent += await write;
          assertEquals((await received).length, sent - chunk.length + 1);
          break;
        }
        sent += count;
        assert(sent < 100_000_000, "the listener reads on though nobody takes it");
      }
    },
    {},
    hold,
  ));

Deno.test("tls: a write waits for a peer that does not read, and a close does not", () =>
  withListener(
    async ({ connect, context }) => {
      const accepted = context.accepted();
      using client = await connect();
      const socket = await accepted;
      const chunk = new Uint8Array(65_536);
      let sent = 0, pending: Promise<unknown>;
      for (;;) {
        const stuck = Promise.withResolvers<null>();
        const timer = setTimeout(() => stuck.resolve(null), 500);
        const write = socket.write(chunk);
        pending = write.catch((error) => error);
        const count = await Promise.race([write, stuck.promise]);
        clearTimeout(timer);
        if (count === null) break;
        sent += count;
        assert(sent < 100_000_000, "writes resolve though nobody reads");
      }
      socket.close();
      assert(await pending instanceof Error);
      assert(await readToEnd(client) <= sent + chunk.length);
    },
    {},
    hold,
  ));

for (const [name, options] of KINDS) {
  Deno.test(`${name}: a peer that never finishes its handshake is closed in time, and blocks nobody`, () =>
    withListener(async ({ port, connect, context }) => {
      const silent = await Promise.all(Array.from({ length: 20 }, () => Deno.connect({ port, hostname })));
      await silent[0].write(new Uint8Array([22, 3, 1, 2, 0, 1]));
      using client = await connect(certificate("client"));
      assertEquals(await roundTrip(client, pattern(10)), pattern(10));
      for (const connection of silent) {
        assertEquals(await readToEnd(connection), 0);
        connection.close();
      }
      assertEquals(context.sockets.length, 1);
      assertEquals(context.places.size, 1);
    }, { ...options, handshakeTimeout: 0.5 }));
}

for (const [name, options] of KINDS) {
  Deno.test(`${name}: a listener that closes ends handshakes, not clients`, () =>
    withListener(async ({ port, connect, listener, context }) => {
      using client = await connect(certificate("client"));
      await roundTrip(client, pattern(10));
      using silent = await Deno.connect({ port, hostname });
      using later = await connect(certificate("client")); // the silent one was accepted before this one
      await roundTrip(later, pattern(10));
      await listener.close();
      assertEquals(await readToEnd(silent), 0);
      assertEquals(await roundTrip(client, pattern(10)), pattern(10));
      await assertRejects(() => connect(certificate("client")), Deno.errors.ConnectionRefused);
      assertEquals(context.sockets.length, 2);
    }, { ...options, handshakeTimeout: 3_600 }));
}

Deno.test("tls: noise instead of a handshake", () =>
  withListener(async ({ port, connect, context }) => {
    for (
      const noise of [
        "GET / HTTP/1.1\r\n\r\n",
        "\x10\x0c\x00\x04MQTT",
        "\x16\x03\x01\xff\xff",
        "\x16\x03\x01\x00\x05hello",
      ]
    ) {
      using client = await Deno.connect({ port, hostname });
      await client.write(Uint8Array.from(noise, (char) => char.charCodeAt(0)));
      await client.closeWrite();
      await readToEnd(client);
    }
    using client = await connect();
    assertEquals(await roundTrip(client, pattern(10)), pattern(10));
    assertEquals(context.sockets.length, 1);
    assertEquals(context.lines.filter((line) => line.level === "debug").length, 4);
  }));

Deno.test("tls: the client's certificate reaches the socket", () =>
  withListener(async ({ connect, context }) => {
    const client = certificate("client");
    using connection = await connect(client);
    assertEquals(await roundTrip(connection, pattern(10)), pattern(10));
    const shown = new X509Certificate(client.cert);
    assertEquals(context.sockets[0].certificate, {
      subject: "O=Mochi tests,CN=sensor-1",
      fingerprint: shown.fingerprint256,
      subjectAltName: "DNS:sensor-1.example, URI:urn:sensor:1",
    });
  }, mutual));

Deno.test("tls: clients without a valid certificate do not get in", () =>
  withListener(async ({ connect, context }) => {
    await refused(connect());
    for (const name of ["stranger", "expired", "server"] as const) await refused(connect(certificate(name)));
    assertEquals(context.sockets.length, 0);
    using good = await connect(certificate("client"));
    assertEquals(await roundTrip(good, pattern(10)), pattern(10));
  }, mutual));

Deno.test("tls: a certificate that is optional has to be valid when it is shown", () =>
  withListener(async ({ connect, context }) => {
    for (const name of ["stranger", "expired", "server"] as const) await refused(connect(certificate(name)));
    assertEquals(context.sockets.length, 0);
    using without = await connect();
    assertEquals(await roundTrip(without, pattern(10)), pattern(10));
    assertEquals(context.sockets[0].certificate, undefined);
    using with_ = await connect(certificate("client"));
    await roundTrip(with_, pattern(10));
    assertEquals(context.sockets[1].certificate?.subject, "O=Mochi tests,CN=sensor-1");
  }, { ...mutual, requireClientCertificate: false }));

for (
  const [name, clientCa] of [
    ["tls", undefined],
    ["tls with client certificates", ca],
  ] as const
) {
  Deno.test(`${name}: a new certificate is for new clients, the old ones stay`, () =>
    withListener(async ({ port, connect, listener }) => {
      using client = await connect();
      const { address } = listener;
      assertEquals(await shownName(port), "localhost");
      await listener.reload({ ...certificate("server2"), clientCa });
      assertEquals(await shownName(port), "localhost renewed");
      assertEquals(await roundTrip(client, pattern(1_000)), pattern(1_000));
      const broken = [{ ...certificate("server"), key: "nonsense" }, {
        ...certificate("server"),
        key: certificate("server2").key,
      }];
      for (const pair of broken) {
        await assertRejects(() => listener.reload({ ...pair, clientCa }), Error, "Cannot use the TLS certificate");
      }
      assertEquals(await shownName(port), "localhost renewed");
      await Promise.all(["server", "server2", "server"].map((each) =>
        // several at once: the last one counts
        listener.reload({ ...certificate(each as "server"), clientCa })
      ));
      assertEquals(await shownName(port), "localhost");
      assertEquals(await roundTrip(client, pattern(1_000)), pattern(1_000));
      assertEquals(listener.address, address);
    }, { certificate: { ...certificate("server"), clientCa }, requireClientCertificate: false }));
}

Deno.test("tls: a close during a reload is the end", () =>
  withListener(async ({ connect, listener }) => {
    const reloading = listener.reload(certificate("server2"));
    await listener.close();
    await reloading;
    await assertRejects(() => connect(), Deno.errors.ConnectionRefused);
  }));

Deno.test("tls: whether clients are asked for certificates does not change", async () => {
  await withListener(async ({ listener }) => {
    await assertRejects(() => listener.reload(certificate("server2")), Error, "clientCa is missing");
  }, mutual);
  await withListener(async ({ listener }) => {
    await assertRejects(() => listener.reload(mutual.certificate), Error, "clientCa cannot be added");
  });
});

Deno.test("tls: bytes of any length, and nobody is asked for a certificate", () =>
  withListener(async ({ connect, context }) => {
    for (const client of [undefined, certificate("client"), certificate("stranger")]) {
      using connection = await connect(client);
      assertEquals(await roundTrip(connection, pattern(1_000_000)), pattern(1_000_000));
    }
    assertEquals(context.sockets.map((socket) => socket.certificate), [undefined, undefined, undefined]);
  }));

Deno.test("tls: small packets of the server do not wait for the peer", () =>
  withListener(
    async ({ connect, context }) => {
      const accepted = context.accepted();
      using client = await connect();
      const socket = await accepted, begun = performance.now();
      for (let round = 0; round < 50; round++) {
        await client.write(pattern(1)); // who asks and is answered is slow to acknowledge
        await socket.read(new Uint8Array(1));
        for (let part = 0; part < 2; part++) await socket.write(pattern(1)); // the second one would wait
        assertEquals((await readExactly(client, 2)).length, 2);
      }
      assert(performance.now() - begun < 50 * 20); // and 40 ms most times
    },
    {},
    hold,
  ));

/** What follows the first certificate is looked at, too. */
const CUT = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

Deno.test("tls refuses options that cannot work", async () => {
  const make = (options: Partial<TlsListenerOptions>) => () =>
    new TlsListener({ id: "x", address: "127.0.0.1:0", certificate: certificate("server"), ...options });
  assertThrows(make({ address: "188" }), Error, 'expected host:port, got "188"');
  const { cert, key } = certificate("server");
  const encrypted = createPrivateKey(key)
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }).toString();
  const wrong: [certificate: TlsListenerOptions["certificate"], message: string][] = [
    [undefined as never, "expected { cert, key }, both as text in PEM"],
    [{ cert } as never, "expected { cert, key }, both as text in PEM"],
    [{ cert: "", key: "" }, "cert is not a certificate in PEM"],
    [{ cert: key, key: cert }, "cert is not a certificate in PEM"],
    [{ cert, key: cert }, "key is not a private key in PEM"],
    [{ cert, key: encrypted }, "key is encrypted"],
    [{ cert, key: certificate("client").key }, "key is not the private key of the certificate"],
    [{ cert: `${cert}${CUT}`, key }, "cert is not a certificate in PEM"],
    [{ cert, key, clientCa: "nonsense" }, "clientCa is not a certificate in PEM"],
    [{ cert, key, clientCa: `${ca}${CUT}` }, "clientCa is not a certificate in PEM"],
  ];
  for (const [certificate, message] of wrong) {
    assertThrows(make({ certificate }), Error, `Cannot use the TLS certificate: ${message}`);
  }
  assertThrows(make({ requireClientCertificate: true }), Error, "clientCa is missing");
  for (const handshakeTimeout of [0, 3_601, NaN]) {
    assertThrows(
      make({ handshakeTimeout }),
      Error,
      `Cannot use handshakeTimeout: current value is ${handshakeTimeout}`,
    );
  }
  await withListener(({ port }) => {
    const message = `Cannot listen on 127.0.0.1:${port}: address already in use`;
    assertThrows(() => make({ address: `127.0.0.1:${port}` })().listen(new EchoContext()), Error, message);
    return Promise.resolve();
  });
});
