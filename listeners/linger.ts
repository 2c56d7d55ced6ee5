/** The end of a socket whose peer should still read what was written.
 * @module */
import type { Socket } from "../src/broker/core/listener.ts";

/** So many reads nearly everybody ends within; between more of them are so many milliseconds for each that was before. */
const FREE_READS = 3, REST = 5;
/** Where all of them put it. */
const scrap = new Uint8Array(65_536);

/**
 * Ends the outgoing half and reads on until the peer ends too: a socket that is closed while bytes wait to be read makes
 * the peer's system throw away what was written last. Who goes on sending is read more and more seldom. Who calls this closes the socket afterwards, and sets the limit of time.
 *
 * @param socket the socket; nobody else reads it
 */
export async function linger(socket: Socket): Promise<void> {
  try {
    await socket.closeWrite?.();
    for (let reads = 1; await socket.read(scrap) !== null; reads++) {
      if (reads > FREE_READS) await new Promise((resolve) => setTimeout(resolve, reads * REST));
    }
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
