/**
 * A client that proves with SCRAM-SHA-256 that it knows the password, and makes the server prove the same.
 *
 *     deno run -A examples/auth/scram_client.ts mqtt://127.0.0.1:1883 peach password1
 */
import { Buffer } from "node:buffer";
import mqtt, { type IConnackPacket, type MqttClient } from "mqtt";
import {
  base64,
  equalBytes,
  fromBase64,
  hmac,
  parseAttributes,
  saltPassword,
  sha256,
  writeUserName,
  xor,
} from "./scram_text.ts";

const METHOD = "SCRAM-SHA-256";

/** One exchange from the client's side. */
export class ScramExchange {
  /** The first message, for CONNECT. */
  readonly first: string;
  readonly #nonce: string;
  readonly #bare: string;
  readonly #password: string;
  #signature: Uint8Array | undefined;

  constructor(username: string, password: string, nonce = base64(crypto.getRandomValues(new Uint8Array(24)))) {
    this.#password = password;
    this.#nonce = nonce;
    this.#bare = `n=${writeUserName(username)},r=${nonce}`;
    this.first = `n,,${this.#bare}`;
  }

  /** The last message, as the answer to the server's first one. */
  async answer(message: string): Promise<string> {
    const { r: nonce, s: salt, i: iterations } = Object.fromEntries(parseAttributes(message));
    if (!nonce?.startsWith(this.#nonce) || nonce === this.#nonce) throw new Error("the server has changed the nonce");
    if (!(Number(iterations) >= 4096)) throw new Error("the server asks for too little work to be safe");
    const parameters = { salt: fromBase64(salt)!, iterations: Number(iterations) };
    const salted = await saltPassword(this.#password, parameters);
    const unproved = `c=biws,r=${nonce}`;
    const signed = `${this.#bare},${message},${unproved}`;
    const clientKey = await hmac(salted, "Client Key");
    this.#signature = await hmac(await hmac(salted, "Server Key"), signed);
    return `${unproved},p=${base64(xor(clientKey, await hmac(await sha256(clientKey), signed)))}`;
  }

  /** Whether the server knows the password too: a false one could have accepted anything. */
  proves(message: string): boolean {
    const signature = message.startsWith("v=") ? fromBase64(message.slice(2)) : undefined;
    return this.#signature !== undefined && signature !== undefined && equalBytes(signature, this.#signature);
  }
}

/** Connects. */
export async function connectWithScram(url: string, username: string, password: string): Promise<MqttClient> {
  const exchange = new ScramExchange(username, password);
  const authenticationData = Buffer.from(exchange.first);
  const properties = { authenticationMethod: METHOD, authenticationData };
  const client = mqtt.connect(url, { protocolVersion: 5, reconnectPeriod: 0, properties });
  client.handleAuth = ({ properties }, callback) => {
    exchange.answer(`${properties?.authenticationData}`).then((message) => {
      const data = { authenticationMethod: METHOD, authenticationData: Buffer.from(message) };
      callback(undefined, { cmd: "auth", reasonCode: 0x18, properties: data });
    }, callback);
  };
  const connack = await new Promise<IConnackPacket>((resolve, reject) => {
    client.once("connect", resolve);
    client.once("error", reject);
    client.once("close", () => reject(new Error("the server has closed the connection")));
  });
  if (exchange.proves(`${connack.properties?.authenticationData}`)) return client;
  client.end(true);
  throw new Error("the server does not know the password");
}

if (import.meta.main) {
  const [url, username, password] = Deno.args;
  const client = await connectWithScram(url, username, password);
  console.log(`connected as ${username}`);
  const received = new Promise<string>((resolve) => client.once("message", (_topic, payload) => resolve(`${payload}`)));
  await client.subscribeAsync(`${username}/#`);
  await client.publishAsync(`${username}/hello`, "hello");
  console.log(`received ${await received}`);
  await client.endAsync();
}
