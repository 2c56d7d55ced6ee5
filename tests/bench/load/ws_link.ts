/** MQTT over a WebSocket, frames made by hand: one masked frame for each write, however many packets it holds. */

import type { Link } from "./link.ts";

const CONTINUATION = 0, BINARY = 2, CLOSE = 8;
const LONGEST_HEADER = 14;

function headerSize(stash: Uint8Array, filled: number): number {
  if (filled < 2) return 2;
  const length = stash[1] & 127;
  return length === 126 ? 4 : length === 127 ? 10 : 2;
}

/** The client's end of a WebSocket. */
export class WsLink implements Link {
  gaps = 0;
  readonly #link: Link;
  readonly #header = new Uint8Array(10);
  #headerFilled = 0;
  /** Bytes of the frame under way that are still to come, and whether they are MQTT. */
  #rest = 0;
  #wanted = false;
  #frame = new Uint8Array(4096);

  /** @param link a connection on which the server has agreed */
  constructor(link: Link) {
    this.#link = link;
  }

  /** Shakes hands. */
  static async open(link: Link, host: string): Promise<WsLink> {
    const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
    const lines = [
      "GET / HTTP/1.1",
      `Host: ${host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${key}`,
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: mqtt",
    ];
    await link.write(new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n"));
    const buffer = new Uint8Array(4096);
    let answer = "";
    while (!answer.includes("\r\n\r\n")) { // MQTT's server speaks second, so nothing follows the answer
      const length = await link.read(buffer);
      if (length === null) break;
      answer += String.fromCharCode(...buffer.subarray(0, length));
    }
    if (!answer.startsWith("HTTP/1.1 101")) throw new Error(`no WebSocket: ${answer.split("\r\n")[0]}`);
    return new WsLink(link);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    for (;;) {
      const length = await this.#link.read(buffer);
      if (length === null) return null;
      const kept = this.#unframe(buffer, length);
      if (kept < 0) return null;
      this.gaps = length - kept;
      if (kept > 0) return kept;
    }
  }

  /** Moves the payloads together. @returns their bytes, -1 when the server has closed */
  #unframe(buffer: Uint8Array, length: number): number {
    let from = 0, to = 0;
    while (from < length) {
      if (this.#rest > 0) {
        const part = Math.min(this.#rest, length - from);
        if (this.#wanted) {
          if (from !== to) buffer.copyWithin(to, from, from + part);
          to += part;
        }
        from += part;
        this.#rest -= part;
        continue;
      }
      this.#header[this.#headerFilled++] = buffer[from++];
      if (this.#headerFilled < headerSize(this.#header, this.#headerFilled)) continue;
      if (!this.#begin()) return -1;
    }
    return to;
  }

  /** A header is complete. @returns false for the frame that says goodbye */
  #begin(): boolean {
    const header = this.#header, opcode = header[0] & 15;
    this.#rest = header[1] & 127;
    if (this.#rest === 126) this.#rest = header[2] << 8 | header[3];
    else if (this.#rest === 127) this.#rest = new DataView(header.buffer).getUint32(6);
    this.#headerFilled = 0;
    this.#wanted = opcode === BINARY || opcode === CONTINUATION;
    return opcode !== CLOSE;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#frame.length < bytes.length + LONGEST_HEADER) {
      this.#frame = new Uint8Array(2 * bytes.length + LONGEST_HEADER);
    }
    return this.#link.write(this.#frame.subarray(0, maskFrame(this.#frame, bytes)));
  }

  close(): void {
    this.#link.close();
  }
}

/** Makes a frame whose payload begins at a multiple of four, so that it can be masked word by word. */
function maskFrame(frame: Uint8Array<ArrayBuffer>, payload: Uint8Array): number {
  const size = payload.length;
  frame[0] = 0x80 | BINARY;
  let at = 2;
  if (size < 126) frame[1] = 0x80 | size;
  else if (size < 65_536) {
    frame[1] = 0x80 | 126;
    frame[at++] = size >> 8;
    frame[at++] = size & 255;
  } else {
    frame[1] = 0x80 | 127;
    new DataView(frame.buffer).setBigUint64(2, BigInt(size));
    at = 10;
  }
  const mask = Math.random() * 0x1_0000_0000 >>> 0;
  for (let byte = 0; byte < 4; byte++) frame[at + byte] = mask >>> 8 * byte;
  at += 4;
  frame.set(payload, at);
  maskBytes(frame, at, size, mask);
  return at + size;
}

/** Byte `i` of the payload is combined with byte `i % 4` of the mask, the lowest byte of it first. */
function maskBytes(frame: Uint8Array<ArrayBuffer>, from: number, size: number, mask: number): void {
  let at = from, turned = mask;
  const end = from + size;
  for (; at < end && at % 4 !== 0; at++) {
    frame[at] ^= turned;
    turned = turned >>> 8 | turned << 24;
  }
  const words = new Int32Array(frame.buffer, at, (end - at) >> 2);
  for (let word = 0; word < words.length; word++) words[word] ^= turned;
  for (at += 4 * words.length; at < end; at++) {
    frame[at] ^= turned;
    turned = turned >>> 8 | turned << 24;
  }
}
