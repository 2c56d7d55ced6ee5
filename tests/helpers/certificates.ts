/** The certificates in `certs/`, made by `certs/make.sh`. */

/** A certificate and its key. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

function read(name: string): string {
  return Deno.readTextFileSync(new URL(`./certs/${name}`, import.meta.url));
}

/**
 * Reads one pair: `server` and `server2` (for localhost), `client` (sensor-1), `stranger` (signed by somebody else),
 * `expired`.
 */
export function certificate(name: "server" | "server2" | "client" | "stranger" | "expired"): CertificatePair {
  return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
}

/** Reads the certificate of the authority that has signed all of them but `stranger`. */
export function authority(): string {
  return read("ca.pem");
}
