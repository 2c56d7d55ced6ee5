/** Ways to a broker: the same tests go over each of them. */

import { MemoryListener } from "../../listeners/memory.ts";
import { TcpListener } from "../../listeners/tcp.ts";
import { WebSocketListener } from "../../listeners/websocket.ts";
import type { Listener } from "../../src/broker/core/listener.ts";
import { type ByteStream, connectTo } from "./byte_link.ts";
import { RawWebSocket } from "./raw_websocket.ts";

/** A way to the broker: what it listens with, and how a client gets there. */
export interface Transport {
  readonly listener: Listener;
  connect(): ByteStream | Promise<ByteStream>;
}

/** Within the process. */
export function overMemory(): Transport {
  const listener = new MemoryListener({ id: "memory" });
  return { listener, connect: () => listener.connect() };
}

/** A port of this machine. */
export function overTcp(): Transport {
  const listener = new TcpListener({ id: "tcp", address: "127.0.0.1:0" });
  return { listener, connect: () => connectTo(listener.address) };
}

/** A WebSocket; `bytesPerFrame` splits what the client sends. */
export function overWebSocket(bytesPerFrame?: number): Transport {
  const listener = new WebSocketListener({ id: "ws", address: "127.0.0.1:0" });
  return { listener, connect: async () => (await RawWebSocket.open(listener.address)).socket(bytesPerFrame) };
}
