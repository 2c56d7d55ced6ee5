/** Makes listeners from settings.
 * @module */
import { HttpHealthListener } from "../../listeners/http_health.ts";
import { HttpStatsListener } from "../../listeners/http_stats.ts";
import { TcpListener } from "../../listeners/tcp.ts";
import { TlsListener } from "../../listeners/tls.ts";
import { UnixListener } from "../../listeners/unix.ts";
import { WebSocketListener } from "../../listeners/websocket.ts";
import type { Listener } from "../broker/core/listener.ts";
import { readCertificate } from "./certificates.ts";
import type { ListenerSettings, TlsSettings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/** A listener, and how its certificate is read again. */
export interface MadeListener {
  /** The listener; it does not listen yet. */
  readonly listener: Listener;
  /** Reads the files again; `undefined` without TLS. Rejects when they are not usable, then the old ones stay. */
  readonly reload: (() => Promise<void>) | undefined;
}

/**
 * Makes a listener.
 *
 * @param settings what it is
 * @returns the listener
 * @throws {UsageError} that names the place of the listener, when its files cannot be read or its options are wrong
 */
export async function makeListener(settings: ListenerSettings): Promise<MadeListener> {
  try {
    return settings.tls === undefined
      ? { listener: makePlain(settings), reload: undefined }
      : await makeSecure(settings, settings.tls);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${settings.place}: ${(error as Error).message}`);
  }
}

function makePlain({ type, place: _place, tls: _tls, ...options }: ListenerSettings): Listener {
  switch (type) {
    case "unix":
      return new UnixListener({ id: options.id, path: options.address, mode: options.mode });
    case "sysinfo":
      return new HttpStatsListener(options);
    case "healthcheck":
      return new HttpHealthListener(options);
    case "ws":
      return new WebSocketListener(options);
    default:
      return new TcpListener(options);
  }
}

async function makeSecure(settings: ListenerSettings, tls: TlsSettings): Promise<MadeListener> {
  const { requireClientCertificate } = tls, { type, place, tls: _tls, ...rest } = settings;
  const options = { ...rest, requireClientCertificate, certificate: await readCertificate(tls, place) };
  const listener = type === "wss" ? new WebSocketListener(options) : new TlsListener(options);
  return { listener, reload: async () => listener.reload(await readCertificate(tls, place)) };
}
