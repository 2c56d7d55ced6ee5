/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677) as enhanced authentication of MQTT 5: neither side sends the password, neither side
 * can be impersonated by who listens or who steals what the server keeps.
 *
 *     client                                        server
 *     CONNECT  n,,n=user,r=nonce              ->
 *                                             <-    AUTH 0x18  r=nonce+,s=salt,i=iterations
 *     AUTH 0x18  c=biws,r=nonce+,p=proof      ->
 *                                             <-    CONNACK 0x00  v=signature
 */
import { type AuthPacket, type Client, type Hook, MqttError, PacketType } from "@mochi/broker";
import {
  base64,
  equalBytes,
  fromBase64,
  hmac,
  parseAttributes,
  readUserName,
  saltPassword,
  sha256,
  xor,
} from "./scram_text.ts";

export const METHOD = "SCRAM-SHA-256";
const CONTINUE = 0x18, REAUTHENTICATE = 0x19;
const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { fatal: true });

/** What the server keeps of a user. It is of no use for logging in. */
export interface ScramCredentials {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** Finds what is kept of a user, `undefined` for a name that is not known. */
export type FindCredentials = (
  username: string,
) => ScramCredentials | undefined | Promise<ScramCredentials | undefined>;

/** Makes what a server keeps of a new user. Clients repeat the work of `iterations` each time they connect. */
export async function makeCredentials(password: string, iterations = 4096): Promise<ScramCredentials> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const salted = await saltPassword(password, { salt, iterations });
  const storedKey = await sha256(await hmac(salted, "Client Key"));
  return { salt, iterations, storedKey, serverKey: await hmac(salted, "Server Key") };
}

/** An exchange between the server's first message and the client's last one. */
interface Exchange {
  readonly username: string;
  readonly known: boolean;
  readonly credentials: ScramCredentials;
  readonly nonce: string;
  /** `c=` that the client has to repeat: its header in Base64. */
  readonly binding: string;
  /** `client-first-message-bare,server-first-message`. */
  readonly messages: string;
}

/** Makes the hook. It decides about clients that name the method, and leaves all others to other hooks. */
export function scramSha256(find: FindCredentials, makeNonce: () => string = randomNonce): Hook {
  const exchanges = new WeakMap<Client, Exchange>();
  const users = new WeakMap<Client, string>();
  const secret = crypto.getRandomValues(new Uint8Array(32));

  async function first(client: Client, data: string): Promise<AuthPacket> {
    const { username, nonce: clientNonce, bare, binding } = readClientFirst(data);
    const found = await find(username);
    const credentials = found ?? await credentialsOfNobody(secret, username);
    const nonce = clientNonce + makeNonce();
    const message = `r=${nonce},s=${base64(credentials.salt)},i=${credentials.iterations}`;
    const known = found !== undefined;
    exchanges.set(client, { username, known, credentials, nonce, binding, messages: `${bare},${message}` });
    return reply(CONTINUE, message);
  }

  async function last(client: Client, data: string): Promise<AuthPacket> {
    const exchange = exchanges.get(client);
    exchanges.delete(client);
    if (exchange === undefined) throw refused();
    const { username, known, credentials } = exchange;
    const { proof, unproved } = readClientLast(data, exchange);
    const signed = `${exchange.messages},${unproved}`;
    const clientKey = xor(proof, await hmac(credentials.storedKey, signed));
    const proved = equalBytes(await sha256(clientKey), credentials.storedKey);
    if (!proved || !known) throw refused();
    if (users.has(client) && users.get(client) !== username) throw refused(); // a session has one owner
    users.set(client, username);
    client.username = username;
    return reply(0x00, `v=${base64(await hmac(credentials.serverKey, signed))}`);
  }

  return {
    id: "scram-sha-256",
    onAuthPacket: (client, packet) => {
      if (packet.properties?.authenticationMethod !== METHOD) return;
      const data = readText(packet.properties.authenticationData);
      const begins = packet.reasonCode === REAUTHENTICATE || !exchanges.has(client);
      return begins ? first(client, data) : last(client, data);
    },
  };
}

/** `n,,n=user,r=nonce`: a header, which must be the empty one, as nothing is bound to TLS here, and the message proper. */
function readClientFirst(data: string) {
  const header = /^[ny],(?:a=([^,]*))?,/.exec(data);
  if (header === null) throw refused();
  const bare = data.slice(header[0].length);
  const attributes = parseAttributes(bare);
  const [name, nonce] = attributes;
  if (name?.[0] !== "n" || nonce?.[0] !== "r" || nonce[1] === "") throw refused();
  const username = readUserName(name[1]);
  if (username === undefined || header[1] !== undefined && readUserName(header[1]) !== username) throw refused();
  return { username, nonce: nonce[1], bare, binding: base64(encoder.encode(header[0])) };
}

/** `c=header,r=nonce,p=proof`. */
function readClientLast(data: string, { binding, nonce }: Exchange): { proof: Uint8Array; unproved: string } {
  const attributes = parseAttributes(data);
  const [name, value] = attributes.at(-1) ?? [];
  const proof = fromBase64(value ?? "");
  const right = attributes[0]?.join("=") === `c=${binding}` && attributes[1]?.join("=") === `r=${nonce}`;
  if (!right || name !== "p" || proof?.length !== 32) throw refused();
  return { proof, unproved: data.slice(0, data.lastIndexOf(",p=")) };
}

/** An unknown user gets a salt too, always the same, so that nobody learns which users there are. */
async function credentialsOfNobody(secret: Uint8Array, username: string): Promise<ScramCredentials> {
  const salt = (await hmac(secret, username)).subarray(0, 16);
  return { salt, iterations: 4096, storedKey: secret, serverKey: secret };
}

function readText(data: Uint8Array | undefined): string {
  try {
    return decoder.decode(data);
  } catch {
    throw refused();
  }
}

function randomNonce(): string {
  return base64(crypto.getRandomValues(new Uint8Array(24)));
}

function reply(reasonCode: number, message: string): AuthPacket {
  return { type: PacketType.AUTH, reasonCode, properties: { authenticationData: encoder.encode(message) } };
}

/** The same whatever was wrong. */
function refused(): MqttError {
  return new MqttError(0x87, "Cannot authenticate: not authorized");
}
