import { assertEquals, assertRejects } from "@std/assert";
import { createPrivateKey } from "node:crypto";
import { makeListener } from "../../src/cli/make_listener.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { authority, certificate } from "../helpers/certificates.ts";

const { cert, key } = certificate("server"), clientCa = authority();
const CUT = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const encrypted = createPrivateKey(key)
  .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }).toString();

/** Texts of the three files, and what is told: the option, the file, and how the rest begins. */
const WRONG: [name: string, texts: Partial<Record<"cert" | "key" | "ca", string>>, told: string[]][] = [
  ["a key as certificate", { cert: key }, ["cert is not a certificate in PEM"]],
  ["a chain that is cut", { cert: cert + CUT }, ["cert is not a certificate in PEM"]],
  ["a certificate as key", { key: cert }, ["key is not a private key in PEM"]],
  ["an encrypted key", { key: encrypted }, ["key is encrypted; openssl pkey"]],
  ["another key", { key: certificate("client").key }, ["key is not the private key of the certificate"]],
  ["an empty authority", { ca: "" }, ["ca is not a certificate in PEM"]],
  ["an authority of which the second is cut", { ca: clientCa + CUT }, ["ca is not a certificate in PEM"]],
  ["all three", { cert: "", key: "", ca: "" }, ["cert is not", "key is not a private key in PEM", "ca is not"]],
];

/** Names of the files' options, on the command line and in a file. */
const OPTIONS = {
  "--tls": { cert: "--tls-cert-file", key: "--tls-key-file", ca: "--client-ca-file" },
  "listeners[3]": {
    cert: "listeners[3].tls.cert_file",
    key: "listeners[3].tls.key_file",
    ca: "listeners[3].tls.client_ca_file",
  },
};

for (const [name, texts, told] of WRONG) {
  for (const [place, options] of Object.entries(OPTIONS)) {
    Deno.test(`a TLS file that cannot be used is named: ${name}, ${place}`, async () => {
      const folder = await Deno.makeTempDir();
      const all = Object.entries({ cert, key, ca: clientCa, ...texts });
      for (const [file, text] of all) await Deno.writeTextFile(`${folder}/${file}`, text);
      const tls = { certFile: `${folder}/cert`, keyFile: `${folder}/key`, clientCaFile: `${folder}/ca` };
      const error = await assertRejects(
        () => makeListener({ id: "x", type: "tls", address: "127.0.0.1:0", place, tls }),
        UsageError,
      );
      const expected = told.map((text) => `${options[text.split(" ")[0] as "cert"]}: ${folder}/${text}`);
      const lines = error.message.split("\n");
      assertEquals(lines.map((line, index) => line.slice(0, expected[index]?.length)), expected);
      await Deno.remove(folder, { recursive: true });
    });
  }
}

Deno.test("TLS files that reload reads are named when they cannot be used any more", async () => {
  const folder = await Deno.makeTempDir(), tls = { certFile: `${folder}/cert`, keyFile: `${folder}/key` };
  await Deno.writeTextFile(tls.certFile, cert);
  await Deno.writeTextFile(tls.keyFile, key);
  const { reload } = await makeListener({ id: "x", type: "wss", address: "127.0.0.1:0", place: "--wss", tls });
  await reload!();
  await Deno.writeTextFile(tls.keyFile, certificate("client").key);
  await assertRejects(reload!, UsageError, `--tls-key-file: ${folder}/key is not the private key of the certificate`);
  await Deno.remove(folder, { recursive: true });
});
