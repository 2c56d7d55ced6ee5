import { assertThrows } from "@std/assert";
import { FetchListener } from "../../listeners/fetch.ts";
import { HttpStatsListener } from "../../listeners/http_stats.ts";
import { MemoryListener } from "../../listeners/memory.ts";
import { TcpListener } from "../../listeners/tcp.ts";
import { UnixListener } from "../../listeners/unix.ts";
import { WebSocketListener } from "../../listeners/websocket.ts";

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
];

for (const [make, message] of WRONG) {
  Deno.test(`an option of a listener that cannot be used is named: ${message}`, () => {
    assertThrows(make, Error, message);
  });
}
