/** A broker whose clients speak MQTT 3.1.1, and what they see of it when they break a rule. */

import { Harness, type HarnessOptions } from "../../helpers/harness.ts";
import type { ConnectOptions, RawClient, Sendable } from "../../helpers/raw_client.ts";
import { packet } from "../v5/reactions.ts";

/** CONNECT of a clean client with ClientID `a` and Keep Alive 60. */
export const C4 = "10 0D 00 04 'MQTT' 04 02 00 3C 00 01 'a'";

/** A client with a stored session. */
export const stored: ConnectOptions = { clientId: "stored", cleanStart: false };

/** Starts a broker. */
export function start(options: HarnessOptions = {}): Promise<Harness> {
  return Harness.start({ version: 4, ...options });
}

/** A CONNECT from its flags and the fields behind the Keep Alive. */
export function connectBytes(flags: string, payload = "00 01 'a'", name = "00 04 'MQTT' 04"): Uint8Array {
  return packet(0x10, `${name} ${flags} 00 3C ${payload}`);
}

/** The answer to a level above all that are served: that of MQTT 5. */
export const LATER = "20 03 00 84 00";

/** Opens a connection for each of the bytes, sends them first, and expects the answer and the end of the stream. */
export async function expectAnswers(
  harness: Harness,
  sent: readonly Sendable[],
  answer: string | undefined,
): Promise<void> {
  for (const bytes of sent) {
    const client = await harness.open(answer === LATER ? 5 : undefined);
    await client.send(bytes);
    try {
      if (answer !== undefined) await client.expect(answer);
      await client.expectClosed();
    } catch (error) {
      throw new Error(`after ${describe(bytes)}: ${String(error)}`);
    }
  }
}

/**
 * Connects a client with a will for each of the bytes, sends them and expects the bare end of the stream: this is an error,
 * so the will is published; it is a matter of one connection, so another client goes on.
 */
export async function expectCloses(
  harness: Harness,
  sent: readonly Sendable[],
  options: ConnectOptions = {},
): Promise<void> {
  const witness = await harness.connect("witness");
  await witness.subscribe("will");
  for (const bytes of sent) {
    const client = await harness.connect({ clientId: "offender", will: {}, ...options });
    await client.send(bytes);
    try {
      await client.expectClosed();
      await witness.expectMessage("will", "gone");
    } catch (error) {
      throw new Error(`after ${describe(bytes)}: ${String(error)}`);
    }
  }
  await witness.expectNothing();
}

function describe(bytes: Sendable): string {
  return typeof bytes === "string" ? bytes : bytes instanceof Uint8Array ? bytes.toHex() : JSON.stringify(bytes);
}

/** A connected client with one subscription. */
export async function subscriber(
  harness: Harness,
  qos: 0 | 1 | 2,
  options: ConnectOptions & { filter?: string } = {},
): Promise<RawClient> {
  const { filter = "t", ...connect } = options;
  const client = await harness.connect({ clientId: "subscriber", ...connect });
  await client.subscribe(filter, { qos });
  return client;
}
