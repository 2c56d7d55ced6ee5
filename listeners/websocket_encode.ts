/** Frames of RFC 6455 as a server makes them.
 * @module */

/**
 * Makes a frame to send: whole, not masked.
 *
 * @param opcode kind of frame
 * @param payload its bytes
 * @returns header and payload
 */
export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = new Uint8Array(header + length);
  frame[0] = 0x80 | opcode;
  if (header === 2) frame[1] = length;
  else writeLength(frame, length);
  frame.set(payload, header);
  return frame;
}

function writeLength(frame: Uint8Array, length: number): void {
  const view = new DataView(frame.buffer);
  frame[1] = length < 65_536 ? 126 : 127;
  if (length < 65_536) view.setUint16(2, length);
  else view.setUint32(6, length);
}

/**
 * Makes the payload of a close frame.
 *
 * @param code status
 * @param reason text of at most 123 ASCII characters
 * @returns the payload
 */
export function closePayload(code: number, reason: string): Uint8Array {
  const text = new TextEncoder().encode(reason);
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return payload;
}
