import { assertEquals, assertThrows } from "@std/assert";
import { FetchListener } from "../../listeners/fetch.ts";
import { HttpHealthListener } from "../../listeners/http_health.ts";
import { HttpStatsListener } from "../../listeners/http_stats.ts";
import { MemoryListener } from "../../listeners/memory.ts";
import { NetListener } from "../../listeners/net.ts";
import { TcpListener } from "../../listeners/tcp.ts";
import { TlsListener } from "../../listeners/tls.ts";
import { UnixListener } from "../../listeners/unix.ts";
import { WebSocketListener } from "../../listeners/websocket.ts";
import { authority, certificate } from "../helpers/certificates.ts";

const HERE = { id: "x", address: "127.0.0.1:0" };
// types forbid some of it; programs in JavaScript have none
const any = (value: unknown) => value as never;

const WRONG: [make: () => unknown, message: string][] = [
  [() => new TcpListener({ id: "x", address: "188" }), 'Cannot use address: expected host:port, got "188"'],
  [() => new TcpListener({ id: "x", address: any(undefined) }), "Cannot use address: expected host:port, got nothing"],
  [
    () => new TcpListener({ ...HERE, backlog: 0 }),
    "Cannot use backlog: current value is 0, expected a whole number from 1",
  ],
  [
    () => new TcpListener({ ...HERE, backlog: 1.5 }),
    "Cannot use backlog: current value is 1.5, expected a whole number",
  ],
  [() => new TcpListener({ ...HERE, backlog: any("5") }), 'Cannot use backlog: current value is "5", expected a whole'],
  [() => new WebSocketListener({ ...HERE, backlog: 65_536 }), "Cannot use backlog: current value is 65536, expected"],
  [() => new WebSocketListener({ id: "x", address: ":x" }), 'Cannot use address: expected host:port, got ":x"'],
  [
    () => new WebSocketListener({ ...HERE, paths: any("/mqtt") }),
    'Cannot use paths: current value is "/mqtt", expected a list',
  ],
  [() => new HttpStatsListener({ id: "x", address: ":99999" }), "Cannot use address: expected a port from 0 to 65535"],
  [() => new UnixListener({ id: "x", path: "x", mode: 0o1000 }), "Cannot use mode: current value is 512, expected"],
  [
    () => new MemoryListener({ id: "x", capacity: 0 }),
    "Cannot use capacity: current value is 0, expected a whole number 1 or",
  ],
  [
    () => new FetchListener({ id: "x", maximumBuffered: -1 }),
    "Cannot use maximumBuffered: current value is -1, expected",
  ],
  [() => new FetchListener({ id: "x", idleTimeout: NaN }), "Cannot use idleTimeout: current value is NaN, expected"],
  [() => new TcpListener(any({ ...HERE, prot: 1 })), "Cannot use prot: there is no such option, known are id, address"],
  [() => new TcpListener(any(undefined)), "Cannot use options: expected an object with id, address, backlog"],
  [() => new TcpListener(any(":1883")), "keepAlive, got a string"],
  [() => new TcpListener({ ...HERE, id: any(7) }), "Cannot use id: current value is 7, expected a text"],
  [
    () => new TcpListener({ ...HERE, keepAlive: any("no") }),
    'Cannot use keepAlive: current value is "no", expected true',
  ],
  [
    () => new WebSocketListener(any({ ...HERE, pathes: ["/"] })),
    "Cannot use pathes: there is no such option, did you mean paths?",
  ],
  [
    () => new WebSocketListener({ ...HERE, allowedHosts: any("a") }),
    'Cannot use allowedHosts: current value is "a", expected a list',
  ],
  [
    () => new WebSocketListener({ ...HERE, requireClientCertificate: true }),
    "Cannot require client certificates: certificate is missing",
  ],
  [
    () => new TlsListener({ ...HERE, certificate: any({ ...certificate("server"), ca: "" }) }),
    "Cannot use ca: there is no such option, known are cert, key, clientCa",
  ],
  [
    () => new FetchListener({ id: "x", fallback: any({}) }),
    "Cannot use fallback: current value is an object, expected a function",
  ],
];

const TLS = { certificate: { ...certificate("server"), clientCa: authority() }, requireClientCertificate: true };
const TCP = { ...HERE, backlog: 5, keepAlive: false };
const RULES = {
  paths: ["/"],
  requireSubprotocol: false,
  allowedHosts: ["*"],
  allowedOrigins: ["*"],
  requireOrigin: true,
};
const PAGE = { ...HERE, path: "/", requestTimeout: 5, allowedHosts: ["*"] };

/** Listeners with all of their options: what they pass on to others has to suit those. */
const MAKERS: [name: string, options: object, make: (options: never) => { readonly id: string }][] = [
  ["TcpListener", TCP, (options) => new TcpListener(options)],
  ["TlsListener", { ...TCP, ...TLS, handshakeTimeout: 5 }, (options) => new TlsListener(options)],
  ["UnixListener", { id: "x", path: "x", mode: 0o600 }, (options) => new UnixListener(options)],
  ["NetListener", { id: "x", connections: [], address: "x", protocol: "x" }, (options) => new NetListener(options)],
  ["MemoryListener", { id: "x", capacity: 5 }, (options) => new MemoryListener(options)],
  [
    "FetchListener",
    { id: "x", ...RULES, maximumBuffered: 5, idleTimeout: 5, fallback: () => {} },
    (options) => new FetchListener(options),
  ],
  [
    "WebSocketListener",
    { ...TCP, ...TLS, ...RULES, handshakeTimeout: 5, requestTimeout: 5, websocketFrames: "coalesced" },
    (options) => new WebSocketListener(options),
  ],
  ["HttpStatsListener", PAGE, (options) => new HttpStatsListener(options)],
  ["HttpHealthListener", PAGE, (options) => new HttpHealthListener(options)],
];

for (const [name, options, make] of MAKERS) {
  Deno.test(`a ${name} takes all of its options, and names one that does not exist`, () => {
    assertEquals(make({ ...options, prot: undefined } as never).id, "x");
    assertThrows(() => make({ ...options, prot: 1 } as never), TypeError, "Cannot use prot: there is no such option, ");
  });
}

for (const [make, message] of WRONG) {
  Deno.test(`an option of a listener that cannot be used is named: ${message}`, () => {
    assertThrows(make, Error, message);
  });
}
