/** What a broker does with bytes that it does not like. */

import { framed, hex } from "../../packets/bytes.ts";
import type { ConnectOptions, Harness, RawClient } from "../../helpers/harness.ts";

/** A packet from its first byte and the bytes behind its Remaining Length. */
export function packet(header: number, body: string): Uint8Array {
  return framed(header, hex(body));
}

/** What differs from the CONNECT of a client with ClientID `a`. */
export interface ConnectParts {
  readonly header?: number;
  readonly name?: string;
  readonly flags?: string;
  readonly properties?: string;
  readonly payload?: string;
}

/** A CONNECT of MQTT 5 from its parts. */
export function connectBytes(parts: ConnectParts = {}): Uint8Array {
  const { header = 0x10, name = "00 04 'MQTT' 05", flags = "02", properties = "", payload = "00 01 'a'" } = parts;
  const { length } = hex(properties);
  return packet(header, `${name} ${flags} 00 3C ${length.toString(16).padStart(2, "0")} ${properties} ${payload}`);
}

/** Connects a client, sends each of the bytes on a connection of its own, and expects DISCONNECT. */
export async function expectDisconnects(
  harness: Harness,
  reasonCode: number,
  sent: readonly (string | Uint8Array)[],
  options: ConnectOptions = {},
): Promise<void> {
  for (const bytes of sent) {
    const client = await harness.connect(options);
    await client.send(bytes);
    await client.expectDisconnect(reasonCode).catch((error) => complain(bytes, error));
  }
}

/** Sends each of the bytes on a connection of its own and expects CONNACK with a reason code. */
export async function expectRefusals(
  harness: Harness,
  reasonCode: number,
  sent: readonly (string | Uint8Array)[],
): Promise<void> {
  for (const bytes of sent) {
    const client = await sendFirst(harness, bytes);
    await client.expectRefusal(reasonCode).catch((error) => complain(bytes, error));
  }
}

/** Sends each of the bytes on a connection of its own and expects its end, with nothing before it. */
export async function expectCloses(harness: Harness, sent: readonly (string | Uint8Array)[]): Promise<void> {
  for (const bytes of sent) {
    const client = await sendFirst(harness, bytes);
    await client.expectClosed().catch((error) => complain(bytes, error));
  }
}

/** Sends each CONNECT on a connection of its own and expects it to be accepted. */
export async function expectAccepted(harness: Harness, sent: readonly (string | Uint8Array)[]): Promise<void> {
  for (const bytes of sent) {
    const client = await sendFirst(harness, bytes);
    await client.expect("20 .. .. 00 *").catch((error) => complain(bytes, error));
  }
}

async function sendFirst(harness: Harness, bytes: string | Uint8Array): Promise<RawClient> {
  const client = await harness.open();
  await client.send(bytes);
  return client;
}

function complain(bytes: string | Uint8Array, cause: unknown): never {
  throw new Error(`after ${typeof bytes === "string" ? bytes : bytes.toHex()}: ${String(cause)}`);
}

/** Expects that a filter ends the connection, in SUBSCRIBE and in UNSUBSCRIBE, also behind one that is well formed. */
export async function expectMalformed(harness: Harness, filters: readonly string[]): Promise<void> {
  const text = (filter: string) => `00 ${filter.length.toString(16).padStart(2, "0")} '${filter}'`;
  await expectDisconnects(
    harness,
    0x81,
    filters.flatMap((filter) => [
      packet(0x82, `00 01 00 ${text(filter)} 00`),
      packet(0x82, `00 01 00 00 01 'a' 00 ${text(filter)} 01`),
      packet(0xa2, `00 01 00 ${text(filter)}`),
      packet(0xa2, `00 01 00 00 01 'a' ${text(filter)}`),
    ]),
  );
}
