/** Certificates and keys from files.
 * @module */
import type { TlsCertificate } from "../../listeners/tls.ts";
import type { TlsSettings } from "./settings.ts";

/**
 * Reads the files of a TLS listener.
 *
 * @param files their paths
 * @returns their texts
 * @throws {Error} that names the file that cannot be read
 */
export async function readCertificate(files: TlsSettings): Promise<TlsCertificate> {
  const { certFile, keyFile, clientCaFile } = files;
  const [cert, key] = [await readText(certFile), await readText(keyFile)];
  return clientCaFile === undefined ? { cert, key } : { cert, key, clientCa: await readText(clientCaFile) };
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`${path}: cannot be read: ${(error as Error).message}`);
  }
}
