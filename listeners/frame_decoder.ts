/** The frames of a WebSocket client become a stream of bytes (RFC 6455, 5).
 * @module */
import { copyShort, LONG, type Move, rotated, unmask, viewOf } from "./websocket_mask.ts";

/** Status codes of a close. */
export const CloseStatus = {
  Normal: 1000,
  ProtocolError: 1002,
  Unsupported: 1003,
  NoStatus: 1005,
  TooLong: 1009,
} as const;

/** Kinds of frames. */
export const Opcode = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

/** The first byte of a message in one binary frame. */
const USUAL_FRAME = 0x80 | Opcode.Binary;
const LONGEST_HEADER = 14;
const LONGEST_CONTROL = 125;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Takes frames apart as they arrive, cut anywhere, in the memory in which they arrived: nothing is gathered but the header of a
 * frame and the payload of a ping or close. So no frame and no message is too long, and none costs memory.
 */
export class FrameDecoder {
  /** Payload of the last ping that nobody has looked at. */
  ping: Uint8Array | undefined = undefined;
  /** Status to close with, once the peer has closed or has done what it must not; what comes then is not looked at. */
  closeStatus: number | undefined = undefined;
  /** True when that was the peer's own close. */
  peerClosed = false;
  #opcode: number = Opcode.Continuation;
  /** Bytes of the payload of this frame that are still to come, and their mask. */
  #rest = 0;
  #mask = 0;
  /** True within a message of several frames. */
  #isWithinMessage = false;
  /** The beginning of a header that was cut. */
  #header: Uint8Array = NOTHING;
  #headerLength = 0;
  /** Payload of a ping or close. */
  #control: Uint8Array = NOTHING;
  #controlLength = 0;

  /**
   * Takes the payload out of what has arrived.
   *
   * @param bytes what has arrived; its beginning holds the payload afterwards
   * @param length how much of it
   * @returns how many bytes of payload
   */
  decode(bytes: Uint8Array, length: number): number {
    let at = 0, taken = 0, view: DataView<ArrayBufferLike> | undefined;
    while (at < length && this.closeStatus === undefined) {
      const usual = this.#usualSize(bytes, at, length);
      if (usual > 0) {
        const from = at + (usual < 126 ? 6 : 8), mask = maskAt(bytes, from - 4);
        const move = { from, to: taken, length: usual, mask };
        if (usual < LONG) copyShort(view ??= viewOf(bytes), view, move);
        else unmask(bytes, move);
        at = from + usual;
        taken += usual;
      } else if (this.#rest === 0) at = this.#readHeader(bytes, at, length);
      else {
        const count = Math.min(this.#rest, length - at);
        taken += this.#takePart(bytes, { from: at, to: taken, length: count, mask: this.#mask });
        at += count;
      }
    }
    return taken;
  }

  /**
   * Nearly each packet of a client comes in a frame of this kind, and a read may hold a thousand: whole, final, binary, not empty
   * and below 65,536 bytes. Nothing of it has to be remembered.
   * @returns the size of its payload, 0 for any other frame
   */
  #usualSize(bytes: Uint8Array, at: number, length: number): number {
    if (this.#rest > 0 || this.#headerLength > 0 || this.#isWithinMessage) return 0;
    if (length - at < 8 || bytes[at] !== USUAL_FRAME) return 0;
    const short = bytes[at + 1] - 0x80;
    if (short < 126) return length - at >= 6 + short ? Math.max(0, short) : 0;
    const size = short === 126 ? bytes[at + 2] << 8 | bytes[at + 3] : 0;
    return size >= 126 && length - at >= 8 + size ? size : 0;
  }

  /** @returns how many bytes of payload that was */
  #takePart(bytes: Uint8Array, part: Move): number {
    const isControl = this.#opcode >= Opcode.Close;
    if (isControl) this.#takeControl(bytes, part);
    else unmask(bytes, part);
    this.#rest -= part.length;
    this.#mask = rotated(this.#mask, part.length);
    if (this.#rest === 0) this.#endFrame();
    return isControl ? 0 : part.length;
  }

  /** @returns where the next byte is */
  #readHeader(bytes: Uint8Array, at: number, length: number): number {
    if (this.#headerLength === 0 && length - at >= 2) {
      const size = headerSize(bytes[at + 1]);
      if (length - at >= size) {
        this.#beginFrame(bytes, at);
        return at + size;
      }
    }
    return this.#gatherHeader(bytes, at, length);
  }

  #gatherHeader(bytes: Uint8Array, at: number, length: number): number {
    if (this.#header === NOTHING) this.#header = new Uint8Array(LONGEST_HEADER);
    while (at < length) {
      this.#header[this.#headerLength++] = bytes[at++];
      if (this.#headerLength < 2 || this.#headerLength < headerSize(this.#header[1])) continue;
      this.#headerLength = 0;
      this.#beginFrame(this.#header, 0);
      break;
    }
    return at;
  }

  #beginFrame(bytes: Uint8Array, at: number): void {
    const first = bytes[at], isFinal = (first & 0x80) !== 0, opcode = first & 0x0f;
    const payload = payloadLength(bytes, at);
    const problem = this.#problemOf(first, bytes[at + 1], payload);
    if (problem !== undefined) return void (this.closeStatus = problem);
    if (opcode < Opcode.Close) this.#isWithinMessage = !isFinal;
    this.#mask = maskAt(bytes, at + headerSize(bytes[at + 1]) - 4);
    this.#opcode = opcode;
    this.#rest = payload;
    this.#controlLength = 0;
    if (payload === 0) this.#endFrame();
  }

  /** @returns the status that this frame is answered with, `undefined` when nothing is wrong with it */
  #problemOf(first: number, second: number, payload: number): number | undefined {
    const opcode = first & 0x0f;
    if ((first & 0x70) !== 0 || (second & 0x80) === 0) return CloseStatus.ProtocolError; // no extensions; masked, always
    if (opcode >= Opcode.Close) {
      const isControl = opcode <= Opcode.Pong && (first & 0x80) !== 0 && payload <= LONGEST_CONTROL;
      return isControl ? undefined : CloseStatus.ProtocolError;
    }
    if (opcode > Opcode.Binary || (opcode === Opcode.Continuation) !== this.#isWithinMessage) {
      return CloseStatus.ProtocolError;
    }
    if (opcode === Opcode.Text) return CloseStatus.Unsupported; // [MQTT-6.0.0-1]
    return payload < 0
      ? CloseStatus.ProtocolError
      : payload > Number.MAX_SAFE_INTEGER
      ? CloseStatus.TooLong
      : undefined;
  }

  #takeControl(bytes: Uint8Array, { from, length, mask }: Move): void {
    if (this.#control === NOTHING) this.#control = new Uint8Array(LONGEST_CONTROL);
    const to = this.#controlLength;
    for (let i = 0; i < length; i++) this.#control[to + i] = bytes[from + i] ^ mask >>> 8 * (i & 3);
    this.#controlLength += length;
  }

  #endFrame(): void {
    if (this.#opcode === Opcode.Ping) this.ping = this.#controlLength === 0 ? NOTHING : this.#takenControl().slice();
    if (this.#opcode !== Opcode.Close) return;
    this.peerClosed = true;
    this.closeStatus = answerTo(this.#takenControl());
  }

  #takenControl(): Uint8Array {
    return this.#control.subarray(0, this.#controlLength);
  }
}

/** @returns 2 where there is no mask: such a frame is refused, whatever else its header would have */
function headerSize(second: number): number {
  if ((second & 0x80) === 0) return 2;
  const length = second & 0x7f;
  return 6 + (length === 126 ? 2 : length === 127 ? 8 : 0);
}

function maskAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}

/** @returns below 0 for a length that has its highest bit set */
function payloadLength(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1] & 0x7f;
  if (length < 126) return length;
  if (length === 126) return bytes[at + 2] << 8 | bytes[at + 3];
  let long = bytes[at + 2] & 0x80 ? -1 : 0;
  if (long < 0) return long;
  for (let i = 2; i < 10; i++) long = long * 256 + bytes[at + i];
  return long;
}

/** The status of the peer's close, which is sent back to it (RFC 6455, 5.5.1 and 7.4). */
function answerTo(payload: Uint8Array): number {
  if (payload.length === 0) return CloseStatus.NoStatus;
  if (payload.length === 1) return CloseStatus.ProtocolError;
  const status = payload[0] << 8 | payload[1];
  const isDefined = status >= 1000 && status <= 1014 && (status < 1004 || status > 1006);
  return isDefined || status >= 3000 && status <= 4999 ? status : CloseStatus.ProtocolError;
}
