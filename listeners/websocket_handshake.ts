/** The HTTP request that opens a WebSocket, read from a socket and answered on it.
 * @module */
import type { Socket } from "../src/broker/listener.ts";
import type { Refusal, UpgradeGate, UpgradeRequest } from "./websocket_rules.ts";
import { WebSocketStream } from "./websocket_stream.ts";

const LARGEST_HEAD = 16_384;
const FIRST_READ = 1_024;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
};

interface Head {
  readonly text: string;
  /** What came in behind it. */
  readonly rest: Uint8Array;
}

/**
 * Reads a request and answers it.
 *
 * @param socket the network
 * @param gate who may open a WebSocket
 * @returns the stream
 * @throws Error when there is none; the peer was told why
 */
export async function openWebSocket(socket: Socket, gate: UpgradeGate): Promise<WebSocketStream> {
  const head = await readHead(socket);
  const request = head === undefined ? undefined : parseRequest(head.text);
  if (head === undefined) return await refuse(socket, 431, "The request is too long.\n");
  if (request === undefined) return await refuse(socket, 400, "This is not an HTTP request.\n");
  const verdict = gate.judge(request);
  if ("status" in verdict) return await refuse(socket, verdict.status, verdict.message, verdict.headers);
  const accept = await acceptKey(request.header("sec-websocket-key")!.trim());
  await writeText(socket, [
    "HTTP/1.1 101 Switching Protocols",
    "upgrade: websocket",
    "connection: Upgrade",
    `sec-websocket-accept: ${accept}`,
    `sec-websocket-protocol: ${verdict.protocol}`, // [MQTT-6.0.0-4]
  ], "");
  return new WebSocketStream(socket, head.rest);
}

/** Reads up to the empty line; `undefined` when it does not come soon enough. */
async function readHead(socket: Socket): Promise<Head | undefined> {
  let buffer = new Uint8Array(FIRST_READ), length = 0;
  while (length < LARGEST_HEAD) {
    if (length === buffer.length) buffer = grown(buffer);
    const count = await socket.read(buffer.subarray(length));
    if (count === null) throw new Error("the peer went away during the WebSocket handshake");
    const end = endOfHead(buffer, Math.max(0, length - 3), length += count);
    if (end < 0) continue;
    return { text: latin1(buffer.subarray(0, end)), rest: buffer.slice(end + 4, length) };
  }
  return undefined;
}

function grown(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(buffer.length * 2);
  larger.set(buffer);
  return larger;
}

function endOfHead(buffer: Uint8Array, from: number, to: number): number {
  for (let i = from; i + 3 < to; i++) {
    if (buffer[i] === 13 && buffer[i + 1] === 10 && buffer[i + 2] === 13 && buffer[i + 3] === 10) return i;
  }
  return -1;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function parseRequest(text: string): UpgradeRequest | undefined {
  const [start, ...lines] = text.split("\r\n");
  const match = /^([A-Z]{1,20}) (\S+) HTTP\/1\.1$/.exec(start);
  const headers = parseHeaders(lines);
  if (match === null || headers === undefined) return undefined;
  return { method: match[1], path: pathOf(match[2]), header: (name) => headers.get(name) ?? null };
}

function parseHeaders(lines: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (match === null) return undefined;
    const name = match[1].toLowerCase(), earlier = headers.get(name);
    headers.set(name, earlier === undefined ? match[2] : `${earlier}, ${match[2]}`);
  }
  return headers;
}

function pathOf(target: string): string {
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  return path.replace(/^https?:\/\/[^/]*/i, "") || "/";
}

async function acceptKey(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + GUID));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

async function refuse(
  socket: Socket,
  status: Refusal["status"] | 431,
  message: string,
  headers: Refusal["headers"] = {},
): Promise<never> {
  await writeText(socket, [
    `HTTP/1.1 ${status} ${STATUS_TEXT[status]}`,
    "content-type: text/plain; charset=utf-8",
    `content-length: ${message.length}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...headers.connection === undefined ? ["connection: close"] : [],
  ], message);
  await socket.closeWrite?.();
  throw new Error(`refused with ${status}: ${message.trim()}`);
}

async function writeText(socket: Socket, lines: readonly string[], body: string): Promise<void> {
  const data = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n${body}`);
  let written = 0;
  while (written < data.length) written += await socket.write(data.subarray(written));
}
