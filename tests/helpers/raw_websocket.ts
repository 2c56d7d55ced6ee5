/** A WebSocket client of single frames: sends what it is told, right or wrong, and shows what comes back. */

import { parseAddress } from "../../listeners/address.ts";
import { joined } from "../packets/bytes.ts";
import { type ByteStream, writeAll } from "./byte_link.ts";

/** What of a frame may be other than usual. */
export interface FrameOptions {
  /** Default 2, binary. */
  readonly opcode?: number;
  /** Default true. */
  readonly final?: boolean;
  /** The three reserved bits, default 0. */
  readonly reserved?: number;
  /** Default true, as a client has to. */
  readonly masked?: boolean;
  /** Write the length in 2 or 8 bytes though fewer would do. */
  readonly lengthBytes?: 2 | 8;
}

/** A frame from the server. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly final: boolean;
  readonly masked: boolean;
  readonly payload: Uint8Array;
}

/** What an upgrade request says. */
export interface UpgradeOptions {
  /** Default `/mqtt`. */
  readonly path?: string;
  /** Subprotocols, default `["mqtt"]`; none with `[]`. */
  readonly protocols?: readonly string[];
  /** Further headers, or other values of the usual ones; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Default `GET`. */
  readonly method?: string;
  /** Bytes that go out right behind the request. */
  readonly early?: Uint8Array;
}

/** An answer to an HTTP request. */
export interface RawResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const MASK = [0x37, 0xfa, 0x21, 0x3d];

/** Makes one frame. */
export function clientFrame(payload: Uint8Array, options: FrameOptions = {}): Uint8Array {
  const { opcode = 2, final = true, reserved = 0, masked = true } = options;
  const lengthBytes = options.lengthBytes ?? (payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8);
  const header = 2 + lengthBytes + (masked ? 4 : 0);
  const frame = new Uint8Array(header + payload.length), view = new DataView(frame.buffer);
  frame[0] = (final ? 0x80 : 0) | reserved << 4 | opcode;
  frame[1] = (masked ? 0x80 : 0) | (lengthBytes === 0 ? payload.length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) view.setUint16(2, payload.length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(payload.length));
  if (masked) frame.set(MASK, 2 + lengthBytes);
  payload.forEach((byte, i) => frame[header + i] = masked ? byte ^ MASK[i & 3] : byte);
  return frame;
}

/** Writes an upgrade request. */
export function upgradeRequest(options: UpgradeOptions = {}): Uint8Array {
  const { path = "/mqtt", protocols = ["mqtt"], method = "GET" } = options;
  const headers: Record<string, string | undefined> = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": protocols.length > 0 ? protocols.join(", ") : undefined,
    ...options.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => value === undefined ? [] : [`${name}: ${value}`]);
  const head = new TextEncoder().encode(`${[`${method} ${path} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`);
  return joined(head, options.early ?? new Uint8Array(0));
}

/** One connection. */
export class RawWebSocket implements Disposable {
  /** The subprotocol that the server chose. */
  readonly protocol: string | undefined;
  /** The answer to the request. */
  readonly response: RawResponse;
  #stream: ByteStream;
  #received: Uint8Array;

  private constructor(stream: ByteStream, response: RawResponse, received: Uint8Array) {
    this.#stream = stream;
    this.#received = received;
    this.response = response;
    this.protocol = response.headers.get("sec-websocket-protocol");
  }

  /** Connects to `host:port`, or goes over a stream that is there already. @throws Error unless the answer is 101 */
  static async open(target: string | ByteStream, options: UpgradeOptions = {}): Promise<RawWebSocket> {
    const stream = typeof target === "string" ? await Deno.connect({ ...parseAddress(target) }) : target;
    try {
      await writeAll(stream, upgradeRequest(options));
      const { response, rest } = await readResponse(stream);
      if (response.status !== 101) throw new Error(`the server answered ${response.status}: ${response.body}`);
      return new RawWebSocket(stream, response, rest);
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  /** Sends a request and shows the answer, whatever it is. */
  static async request(address: string, request: UpgradeOptions | Uint8Array = {}): Promise<RawResponse> {
    const stream = await Deno.connect({ ...parseAddress(address) });
    try {
      await writeAll(stream, request instanceof Uint8Array ? request : upgradeRequest(request));
      return (await readResponse(stream)).response;
    } finally {
      stream.close();
    }
  }

  /** Sends one frame. */
  send(payload: Uint8Array | string, options: FrameOptions = {}): Promise<void> {
    return this.sendRaw(
      clientFrame(typeof payload === "string" ? new TextEncoder().encode(payload) : payload, options),
    );
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array): Promise<void> {
    return writeAll(this.#stream, bytes);
  }

  /** The next frame; `null` at the end of the stream. */
  async receive(): Promise<ReceivedFrame | null> {
    for (;;) {
      const frame = parseFrame(this.#received);
      if (frame !== undefined) {
        this.#received = this.#received.subarray(frame.size);
        return frame.frame;
      }
      const more = await readSome(this.#stream);
      if (more === null) return null;
      this.#received = joined(this.#received, more);
    }
  }

  /** The status of the next frame, which has to be a close frame. */
  async closeCode(): Promise<number> {
    const frame = await this.receive();
    if (frame?.opcode !== 8) throw new Error(`expected a close frame, got ${JSON.stringify(frame)}`);
    return frame.payload.length < 2 ? 1005 : frame.payload[0] << 8 | frame.payload[1];
  }

  /** Bytes of binary frames as a stream; `bytesPerFrame` splits what is written. */
  socket(bytesPerFrame = Infinity): ByteStream {
    let rest = new Uint8Array(0) as Uint8Array;
    const read = async (buffer: Uint8Array): Promise<number | null> => {
      while (rest.length === 0) {
        const frame = await this.receive();
        if (frame === null || frame.opcode === 8) return null;
        if (frame.opcode === 2 || frame.opcode === 0) rest = frame.payload;
      }
      const count = Math.min(rest.length, buffer.length);
      buffer.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    };
    const write = async (data: Uint8Array): Promise<number> => {
      const frames: Uint8Array[] = [];
      for (let i = 0; i < data.length; i += bytesPerFrame) {
        frames.push(clientFrame(data.subarray(i, Math.min(data.length, i + bytesPerFrame))));
      }
      await this.sendRaw(joined(...frames));
      return data.length;
    };
    return { read, write, close: () => this.close() };
  }

  /** Ends the connection without a close frame. Safe to call twice. */
  close(): void {
    try {
      this.#stream.close();
    } catch {
      // it is closed
    }
  }

  /** The same as {@linkcode RawWebSocket.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function parseFrame(bytes: Uint8Array): { frame: ReceivedFrame; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 0x7f, masked = (bytes[1] & 0x80) !== 0;
  const header = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < header) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = header === 4 ? view.getUint16(2) : header === 10 ? Number(view.getBigUint64(2)) : short;
  const size = header + length + (masked ? 4 : 0);
  if (bytes.length < size) return undefined;
  const payload = bytes.slice(size - length, size);
  return { frame: { opcode: bytes[0] & 0x0f, final: (bytes[0] & 0x80) !== 0, masked, payload }, size };
}

async function readResponse(stream: ByteStream): Promise<{ response: RawResponse; rest: Uint8Array }> {
  let bytes = new Uint8Array(0) as Uint8Array, end = -1;
  while ((end = textOf(bytes).indexOf("\r\n\r\n")) < 0) {
    const more = await readSome(stream);
    if (more === null) throw new Error("the server closed the connection without an answer");
    bytes = joined(bytes, more);
  }
  const [start, ...lines] = textOf(bytes.subarray(0, end)).split("\r\n");
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const status = Number(start.split(" ")[1]), rest = bytes.subarray(end + 4);
  if (status === 101) return { response: { status, headers, body: "" }, rest };
  const body = await readBody(stream, rest, Number(headers.get("content-length") ?? 0));
  return { response: { status, headers, body }, rest: new Uint8Array(0) };
}

async function readBody(stream: ByteStream, bytes: Uint8Array, length: number): Promise<string> {
  while (bytes.length < length) {
    const more = await readSome(stream);
    if (more === null) break;
    bytes = joined(bytes, more);
  }
  return textOf(bytes);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

async function readSome(stream: ByteStream): Promise<Uint8Array | null> {
  const buffer = new Uint8Array(65_536);
  const length = await stream.read(buffer).catch((error) => {
    if (error instanceof Deno.errors.ConnectionReset) return null;
    throw error;
  });
  return length === null ? null : buffer.subarray(0, length);
}

/** Host headers that name no host. */
export const BAD_HOSTS: readonly string[] = ["a b", "[", "a:99999", "%zz"];

/** Lists of one and the same meaning, as RFC 9110 lets people write them. */
export const PROTOCOL_LISTS: readonly [header: string, expected: string][] = [
  ["mqtt,mqttv3.1", "mqtt"],
  ["mqttv3.1,mqtt", "mqtt"],
  ["chat,mqttv3.1", "mqttv3.1"],
  ["chat ,\tmqtt\t, x", "mqtt"],
  [",, mqtt,", "mqtt"],
  ["chat,x\r\nSec-WebSocket-Protocol: y,mqttv3.1,", "mqttv3.1"],
];
