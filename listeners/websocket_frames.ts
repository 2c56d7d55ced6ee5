/** Frames of RFC 6455 as a server sees them, decoded as they arrive: nothing waits for the end of a frame.
 * @module */

/** Kinds of frames. */
export const Opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

/** Why a peer's frames end. */
export interface FrameEnd {
  /** Status to answer with; `undefined` when the peer gave none. */
  readonly code: number | undefined;
  /** True when the peer has closed properly, false when it broke a rule. */
  readonly closed: boolean;
  /** Which rule. */
  readonly reason: string;
}

const LARGEST_CONTROL = 125;
const LARGEST_HEADER = 14;

/** Turns masked frames into the bytes of their payloads, within the buffer that they came in. */
export class FrameDecoder {
  /** Set when no more frames are taken. */
  end: FrameEnd | undefined = undefined;
  /** Payload of the last ping that was not answered yet. */
  ping: Uint8Array | undefined = undefined;
  #header: DataView = new DataView(new ArrayBuffer(LARGEST_HEADER));
  #headerLength = 0;
  #opcode = 0;
  #remaining = 0;
  #inPayload = false;
  #inMessage = false;
  #mask = 0;
  #control: Uint8Array | undefined = undefined;

  /**
   * Decodes what has arrived. Stops at the end of the frames; what was decoded before that counts.
   *
   * @param buffer bytes from the peer; overwritten from its start with payload
   * @param length how many there are
   * @returns how many bytes of payload now stand at the start of the buffer
   */
  decode(buffer: Uint8Array, length: number): number {
    let position = 0, written = 0;
    const view = new DataView(buffer.buffer, buffer.byteOffset, length);
    while (position < length && this.end === undefined) {
      if (!this.#inPayload) {
        position += this.#takeHeader(view, position);
        continue;
      }
      const count = Math.min(this.#remaining, length - position);
      const target = this.#control === undefined ? written : position;
      unmask(view, { from: position, to: target, count, mask: this.#mask });
      if (this.#control === undefined) written += count;
      else this.#control.set(buffer.subarray(position, position + count), this.#control.length - this.#remaining);
      position += count;
      this.#advance(count);
    }
    return written;
  }

  /** Takes a header that is there as a whole, or one byte of it. @returns bytes taken */
  #takeHeader(view: DataView, position: number): number {
    if (this.#headerLength === 0) {
      const size = headerSize(view, position, view.byteLength - position);
      if (size > 0) this.#begin(view, position);
      if (size > 0) return size;
    }
    const header = this.#header;
    header.setUint8(this.#headerLength++, view.getUint8(position));
    if (headerSize(header, 0, this.#headerLength) > 0) {
      this.#headerLength = 0;
      this.#begin(header, 0);
    }
    return 1;
  }

  /** Begins a frame whose whole header is there. */
  #begin(view: DataView, position: number): void {
    const second = view.getUint8(position + 1), short = second & 0x7f;
    this.#checkStart(view.getUint8(position), second);
    if (this.end !== undefined) return;
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    this.#remaining = short;
    if (extended > 0) this.#remaining = this.#longLength(view, position + 2, extended);
    this.#mask = view.getUint32(position + 2 + extended, true);
    this.#inPayload = true;
    if (this.#opcode >= Opcode.CLOSE) this.#control = new Uint8Array(this.#remaining);
    if (this.#remaining === 0) this.#advance(0);
  }

  #longLength(view: DataView, position: number, bytes: number): number {
    const length = bytes === 2
      ? view.getUint16(position)
      : view.getUint32(position) * 0x1_0000_0000 + view.getUint32(position + 4);
    const least = bytes === 2 ? 126 : 65_536;
    if (length > Number.MAX_SAFE_INTEGER || length < least) this.#fail("a length is not valid");
    return length;
  }

  #checkStart(first: number, second: number): void {
    const opcode = first & 0x0f, final = (first & 0x80) !== 0;
    this.#opcode = opcode;
    if ((first & 0x70) !== 0) return this.#fail("a reserved bit is set");
    if ((second & 0x80) === 0) return this.#fail("a frame is not masked");
    if (opcode >= Opcode.CLOSE) return this.#checkControl(opcode, final, second & 0x7f);
    if (opcode === Opcode.TEXT) return this.#fail("MQTT is sent in binary frames", 1003); // [MQTT-6.0.0-1]
    if (opcode > Opcode.BINARY) return this.#fail("an opcode is reserved");
    if ((opcode === Opcode.CONTINUATION) !== this.#inMessage) return this.#fail("a fragment is out of order");
    this.#inMessage = !final;
  }

  #checkControl(opcode: number, final: boolean, length: number): void {
    if (opcode > Opcode.PONG) return this.#fail("an opcode is reserved");
    if (!final || length > LARGEST_CONTROL) this.#fail("a control frame is fragmented or too long");
  }

  #advance(count: number): void {
    this.#remaining -= count;
    if (this.#remaining > 0) {
      const turn = (count & 3) * 8;
      if (turn !== 0) this.#mask = (this.#mask >>> turn) | (this.#mask << (32 - turn));
      return;
    }
    this.#inPayload = false;
    const control = this.#control;
    this.#control = undefined;
    if (control === undefined) return;
    if (this.#opcode === Opcode.PING) this.ping = control;
    if (this.#opcode === Opcode.CLOSE) this.#close(control);
  }

  #close(payload: Uint8Array): void {
    const code = payload.length >= 2 ? payload[0] << 8 | payload[1] : undefined;
    if (payload.length === 1 || (code !== undefined && !isCloseCode(code))) {
      return this.#fail("a close status is not valid");
    }
    this.end ??= { code, closed: true, reason: "the peer closed" };
  }

  #fail(reason: string, code = 1002): void {
    this.end ??= { code, closed: false, reason };
  }
}

/** Size of a header, 0 while it is not there as a whole. */
function headerSize(view: DataView, position: number, available: number): number {
  if (available < 2) return 0;
  const second = view.getUint8(position + 1), short = second & 0x7f;
  const size = 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + (second >= 0x80 ? 4 : 0);
  return size <= available ? size : 0;
}

function isCloseCode(code: number): boolean {
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006 ||
    code >= 3000 && code <= 4999;
}

/** Moves bytes to the front while it takes the mask off, four at a time. */
function unmask(view: DataView, part: { from: number; to: number; count: number; mask: number }): void {
  const { from, to, count, mask } = part;
  const whole = count & ~3;
  for (let i = 0; i < whole; i += 4) view.setUint32(to + i, view.getUint32(from + i, true) ^ mask, true);
  for (let i = whole; i < count; i++) view.setUint8(to + i, view.getUint8(from + i) ^ (mask >>> ((i & 3) * 8)));
}
