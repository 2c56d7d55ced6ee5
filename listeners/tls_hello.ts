/** The beginning of a TLS handshake, before anything is done for it.
 * @module */
import type { Socket } from "../src/broker/core/listener.ts";

/** Type, version (two bytes) and length (two bytes) of a record. */
const HEADER = 5;
const HANDSHAKE = 22, MAJOR_VERSION = 3, LONGEST_RECORD = 16_384;
/** Enough for most clients. */
const FIRST_READ = 2_048;

/**
 * Waits for the first record of a client. Strangers who say nothing, or something else, cost a read and no more: a TLS stream
 * takes 50 KiB and a tenth of a millisecond.
 *
 * @param socket the network
 * @returns the whole record, and what has come with it
 * @throws Error (as rejection) when it is no handshake, or when the connection ends before
 */
export async function readHello(socket: Socket): Promise<Uint8Array> {
  let bytes = new Uint8Array(FIRST_READ), filled = 0;
  for (let wanted = HEADER; filled < wanted;) {
    if (wanted > bytes.length) bytes = new Uint8Array(bytes.buffer.transfer(wanted));
    const length = await socket.read(bytes.subarray(filled));
    if (length === null) throw new Error("the peer went away before its TLS handshake");
    filled += length;
    if (bytes[0] !== HANDSHAKE) throw new Error("what the peer sends is not TLS");
    if (filled >= HEADER) wanted = HEADER + recordLength(bytes);
  }
  return bytes.subarray(0, filled);
}

function recordLength(bytes: Uint8Array): number {
  const length = bytes[3] << 8 | bytes[4];
  if (bytes[1] !== MAJOR_VERSION || length > LONGEST_RECORD) throw new Error("the first TLS record is not one");
  return length;
}
