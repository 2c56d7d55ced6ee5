/** The end of a socket whose peer should still read what was written.
 * @module */
import type { Socket } from "../src/broker/core/listener.ts";

/**
 * Ends the outgoing half and reads on until the peer ends too: a socket that is closed while bytes wait to be read makes
 * the peer's system throw away what was written last. Who calls this closes the socket afterwards, and sets the limit of time.
 *
 * @param socket the socket; nobody else reads it
 */
export async function linger(socket: Socket): Promise<void> {
  try {
    await socket.closeWrite?.();
    const scrap = new Uint8Array(1_024);
    while (await socket.read(scrap) !== null);
  } catch { /* the peer has gone, or the time is over */ }
}

/**
 * Writes everything.
 *
 * @param socket the socket
 * @param data the bytes
 */
export async function writeAll(socket: Socket, data: Uint8Array): Promise<void> {
  let written = await socket.write(data);
  while (written < data.length) written += await socket.write(data.subarray(written));
}
