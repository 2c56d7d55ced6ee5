/** Ways to a broker: bytes over TCP, TLS or a WebSocket. */

import { WsLink } from "./ws_link.ts";

/** How the bytes travel. */
export type Transport = "tcp" | "ws" | "tls";

/** A connection. */
export interface Link {
  /** Bytes of the last read that were not MQTT, and have left their place in the buffer unused. */
  readonly gaps: number;
  /** Reads at least one byte of MQTT; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes all bytes; they may be changed once the promise has settled. */
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** Where the broker is. */
export interface Target {
  readonly transport: Transport;
  readonly port: number;
  /** Certificate of the authority, for TLS. */
  readonly ca?: string;
}

const HOST = "127.0.0.1";

/** A connection of the runtime. */
export class ConnLink implements Link {
  readonly gaps = 0;
  readonly #conn: Deno.Conn;

  /** @param conn the connection */
  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = await this.#conn.write(bytes);
    while (written < bytes.length) written += await this.#conn.write(bytes.subarray(written));
  }

  close(): void {
    try {
      this.#conn.close();
    } catch {
      // closed already
    }
  }
}

/** Connects. */
export async function openLink({ transport, port, ca }: Target): Promise<Link> {
  const conn = await Deno.connect({ hostname: HOST, port });
  conn.setNoDelay();
  if (transport === "tls") {
    const tls = await Deno.startTls(conn, { hostname: HOST, caCerts: ca === undefined ? [] : [ca] });
    await tls.handshake();
    return new ConnLink(tls);
  }
  const link = new ConnLink(conn);
  return transport === "ws" ? await WsLink.open(link, `${HOST}:${port}`) : link;
}
