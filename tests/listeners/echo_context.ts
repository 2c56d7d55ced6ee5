/** A broker that only echoes, and helpers to talk to it. */

import type { ListenerContext, Socket, SocketPermit } from "../../src/broker/core/listener.ts";
import type { LogFields } from "../../src/hook/logger.ts";
import { newSystemInfo } from "../../src/hook/system_info.ts";

/** One line of the log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** A context that echoes, or hands its sockets to the test. */
export class EchoContext implements ListenerContext {
  /** Sockets that were accepted. */
  readonly sockets: Socket[] = [];
  /** What was logged. */
  readonly lines: LogLine[] = [];
  /** Places that are taken. */
  readonly places = new Set<{ remoteAddress: string; close: () => void }>();
  /** True when there are no places. */
  isFull = false;
  /** What {@linkcode EchoContext.healthy} says. */
  isHealthy = true;
  readonly logger = {
    debug: (message: string, fields?: LogFields) => void this.lines.push({ level: "debug", message, fields }),
    info: (message: string, fields?: LogFields) => void this.lines.push({ level: "info", message, fields }),
    warn: (message: string, fields?: LogFields) => void this.lines.push({ level: "warn", message, fields }),
    error: (message: string, fields?: LogFields) => void this.lines.push({ level: "error", message, fields }),
  };
  #serve: (socket: Socket) => Promise<void>;
  #running = new Set<Promise<void>>();
  #waiting: ((socket: Socket) => void)[] = [];

  /** @param serve what is done with a socket; echo by default */
  constructor(serve: (socket: Socket) => Promise<void> = echo) {
    this.#serve = serve;
  }

  enter(remoteAddress: string, close: () => void): SocketPermit | undefined {
    if (this.isFull) return undefined;
    const place = { remoteAddress, close };
    this.places.add(place);
    return { leave: () => void this.places.delete(place) };
  }

  accept(socket: Socket, permit?: SocketPermit): Promise<void> {
    this.sockets.push(socket);
    const running = this.#serve(socket).catch(() => {}).finally(() => {
      permit?.leave();
      this.#running.delete(running);
    });
    this.#running.add(running);
    this.#waiting.shift()?.(socket);
    return running;
  }

  info() {
    return { ...newSystemInfo("1.2.3", 1_700_000_000), bytesReceived: 42 };
  }

  healthy(): boolean {
    return this.isHealthy;
  }

  nextRound(): Promise<void> {
    return new Promise((resolve) => void setTimeout(resolve, 0));
  }

  deadline(milliseconds: number, expired: () => void): () => void {
    const timer = setTimeout(expired, milliseconds);
    return () => clearTimeout(timer);
  }

  /** The next socket that is accepted. */
  accepted(): Promise<Socket> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Closes all sockets and waits until nobody serves them any more. */
  async end(): Promise<void> {
    for (const socket of this.sockets) socket.close();
    await Promise.all(this.#running);
  }
}

/** Sends back what arrives. */
export async function echo(socket: Socket): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const length = await socket.read(buffer);
      if (length === null) return;
      await writeAll(socket, buffer.subarray(0, length));
    }
  } finally {
    socket.close();
  }
}

/** Leaves a socket to the test. */
export function hold(): Promise<void> {
  return Promise.resolve();
}

/** A stream of bytes as both ends have it. */
export type Stream = Pick<Socket, "read" | "write" | "close">;

/** Writes everything. */
export async function writeAll(stream: Stream, data: Uint8Array): Promise<void> {
  let written = 0;
  while (written < data.length) written += await stream.write(data.subarray(written));
}

/** Reads exactly so many bytes, or fewer when the stream ends. */
export async function readExactly(stream: Stream, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let count = 0;
  while (count < length) {
    const more = await stream.read(bytes.subarray(count));
    if (more === null) break;
    count += more;
  }
  return bytes.subarray(0, count);
}

/** Reads until the end; a reset counts as one. @returns how many bytes there were */
export async function readToEnd(stream: Stream): Promise<number> {
  const buffer = new Uint8Array(65_536);
  let count = 0;
  for (;;) {
    const length = await stream.read(buffer).catch(() => null);
    if (length === null) return count;
    count += length;
  }
}

/** Bytes of which each depends on its place. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7) & 0xff);
}

/** Sends and reads the echo of the same bytes. */
export async function roundTrip(stream: Stream, data: Uint8Array): Promise<Uint8Array> {
  const [, echoed] = await Promise.all([writeAll(stream, data), readExactly(stream, data.length)]);
  return echoed;
}

/** Port of an address that a listener tells. */
export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** Whether a promise has settled by now. */
export async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const note = () => void (done = true);
  promise.then(note, note);
  for (let i = 0; i < 10; i++) await Promise.resolve();
  return done;
}
