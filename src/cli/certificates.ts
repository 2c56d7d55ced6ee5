/** Certificates and keys from files.
 * @module */
import type { TlsCertificate } from "../../listeners/tls.ts";
import { certificateProblems } from "../../listeners/tls_certificate.ts";
import { Problems } from "./problems.ts";
import type { ListenerSettings, TlsSettings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/** Key of each file in a configuration, and its name in the settings. */
const FILES = {
  cert: ["cert_file", "certFile"],
  key: ["key_file", "keyFile"],
  clientCa: ["client_ca_file", "clientCaFile"],
} as const;

/**
 * Reads the files of a TLS listener.
 *
 * @param files their paths
 * @param place where the listener was given
 * @returns their texts
 * @throws {UsageError} with one line for each file that cannot be read or used
 */
export async function readCertificate(files: TlsSettings, place: ListenerSettings["place"]): Promise<TlsCertificate> {
  const problems = new Problems();
  const lineOf = (part: keyof TlsCertificate, what: string) => {
    const [key, path] = FILES[part];
    return new UsageError(`${fieldOf(place, key)}: ${files[path]} ${what}`);
  };
  const read = (part: keyof TlsCertificate) =>
    problems.collectLater(() =>
      Deno.readTextFile(files[FILES[part][1]]!).catch((error: Error) => {
        throw lineOf(part, `cannot be read: ${error.message}`);
      })
    );
  const cert = await read("cert"), key = await read("key");
  const clientCa = files.clientCaFile === undefined ? undefined : await read("clientCa");
  problems.throwIfAny();
  const certificate = { cert: cert!, key: key!, clientCa };
  for (const { part, problem } of certificateProblems(certificate)) problems.add(lineOf(part, problem));
  problems.throwIfAny();
  return certificate;
}

/** `listeners[0].tls.cert_file`, or `--tls-cert-file` where the command line made the listener. */
function fieldOf(place: string, key: string): string {
  if (!place.startsWith("--")) return `${place}.tls.${key}`;
  return `--${key === "client_ca_file" ? "" : "tls-"}${key.replaceAll("_", "-")}`;
}
