/** Certificates and keys from files.
 * @module */
import type { TlsCertificate } from "../../listeners/tls.ts";
import { Problems } from "./problems.ts";
import type { ListenerSettings, TlsSettings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads the files of a TLS listener.
 *
 * @param files their paths
 * @param place where the listener was given
 * @returns their texts
 * @throws {UsageError} with one line for each file that cannot be read
 */
export async function readCertificate(files: TlsSettings, place: ListenerSettings["place"]): Promise<TlsCertificate> {
  const { certFile, keyFile, clientCaFile } = files, problems = new Problems();
  const read = (key: string, path: string) => problems.collectLater(() => readText(fieldOf(place, key), path));
  const cert = await read("cert_file", certFile), key = await read("key_file", keyFile);
  const clientCa = clientCaFile === undefined ? undefined : await read("client_ca_file", clientCaFile);
  problems.throwIfAny();
  return { cert: cert!, key: key!, clientCa };
}

/** `listeners[0].tls.cert_file`, or `--tls-cert-file` where the command line made the listener. */
function fieldOf(place: string, key: string): string {
  if (!place.startsWith("--")) return `${place}.tls.${key}`;
  return `--${key === "client_ca_file" ? "" : "tls-"}${key.replaceAll("_", "-")}`;
}

async function readText(field: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(`${field}: ${path} cannot be read: ${(error as Error).message}`);
  }
}
