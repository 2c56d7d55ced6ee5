/** MQTT packets as bytes, made once and sent many times. Nothing of the broker is used: what is measured does not measure. */

/** Protocol level: MQTT 3.1.1 or 5. */
export type Level = 4 | 5;

const encoder = new TextEncoder();

function text(value: string): number[] {
  const bytes = encoder.encode(value);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
}

function packet(first: number, body: readonly number[]): Uint8Array<ArrayBuffer> {
  const size: number[] = [];
  let rest = body.length;
  do {
    size.push(rest > 127 ? rest % 128 | 128 : rest);
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Uint8Array.from([first, ...size, ...body]);
}

/** CONNECT with a clean session and no Keep Alive. */
export function connect(clientId: string, level: Level): Uint8Array<ArrayBuffer> {
  return packet(0x10, [...text("MQTT"), level, 2, 0, 0, ...(level === 5 ? [0] : []), ...text(clientId)]);
}

/** SUBSCRIBE to one filter. */
export function subscribe(filter: string, qos: number, level: Level): Uint8Array<ArrayBuffer> {
  return packet(0x82, [0, 1, ...(level === 5 ? [0] : []), ...text(filter), qos]);
}

/** DISCONNECT. */
export const DISCONNECT: Uint8Array<ArrayBuffer> = Uint8Array.of(0xe0, 0);

/** Payloads carry the publisher's number, the number of the message and when it was sent. */
export const STAMP_SIZE = 12;

/** What a publisher sends. */
export interface PublishOptions {
  readonly topic: string;
  readonly qos: number;
  readonly level: Level;
  /** Bytes of payload, at least {@linkcode STAMP_SIZE}. */
  readonly size: number;
  readonly publisher: number;
}

/** A PUBLISH with places for a packet id and a stamp. */
export interface PublishTemplate {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the packet id is, -1 at QoS 0. */
  readonly idAt: number;
  /** Where the payload begins. */
  readonly payloadAt: number;
}

/** Makes the PUBLISH of a publisher. */
export function publishTemplate({ topic, qos, level, size, publisher }: PublishOptions): PublishTemplate {
  const payload = new Array<number>(Math.max(size, STAMP_SIZE)).fill(0x78);
  for (let at = 0; at < 4; at++) payload[at] = publisher >>> (24 - 8 * at) & 255;
  const head = [...text(topic), ...(qos > 0 ? [0, 0] : []), ...(level === 5 ? [0] : [])];
  const bytes = packet(0x30 | qos << 1, [...head, ...payload]);
  const payloadAt = bytes.length - payload.length;
  return { bytes, payloadAt, idAt: qos === 0 ? -1 : payloadAt - (level === 5 ? 3 : 2) };
}

/** Writes a number of four bytes. */
export function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Reads a number of four bytes. */
export function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0;
}
