/** Certificates and keys from files.
 * @module */
import type { TlsCertificate } from "../../listeners/tls.ts";
import type { TlsSettings } from "./settings.ts";

/**
 * Reads the files of a TLS listener.
 *
 * @param files their paths
 * @returns their texts
 * @throws {Error} that names what cannot be read
 */
export async function readCertificate(files: TlsSettings): Promise<TlsCertificate> {
  const { certFile, keyFile, clientCaFile } = files;
  const cert = await readText("cert_file", certFile), key = await readText("key_file", keyFile);
  return clientCaFile === undefined
    ? { cert, key }
    : { cert, key, clientCa: await readText("client_ca_file", clientCaFile) };
}

async function readText(key: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`${key} ${path} cannot be read: ${(error as Error).message}`);
  }
}
