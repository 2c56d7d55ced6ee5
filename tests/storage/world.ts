/** What a broker would hand to a storage hook, without the broker.
 * @module */
import type { HookContext } from "../../src/hook/hook.ts";
import type { LogFields, Logger } from "../../src/hook/logger.ts";
import { newSystemInfo } from "../../src/hook/system_info.ts";
import { Client, type ClientInit } from "../../src/session/client.ts";
import { systemClock } from "../../src/time/clock.ts";
import { type InflightRecord, receivedRecord } from "../../src/session/inflight.ts";
import { Message, type MessageInit } from "../../src/session/message.ts";
import { OutboundRecord } from "../../src/session/outbound_record.ts";
import { Session } from "../../src/session/session.ts";

/** A logger that remembers its lines. */
export class LineLogger implements Logger {
  readonly lines: { level: string; message: string; fields?: LogFields }[] = [];
  debug(message: string, fields?: LogFields): void {
    this.lines.push({ level: "debug", message, fields });
  }
  info(message: string, fields?: LogFields): void {
    this.lines.push({ level: "info", message, fields });
  }
  warn(message: string, fields?: LogFields): void {
    this.lines.push({ level: "warn", message, fields });
  }
  error(message: string, fields?: LogFields): void {
    this.lines.push({ level: "error", message, fields });
  }
  /** Messages of one level. */
  of(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }
}

/** What `init` of a hook is given. */
export function hookContext(logger: Logger = new LineLogger()): HookContext {
  return { logger, clock: systemClock, info: () => newSystemInfo("test", 0) };
}

/** A client with a session of its own. */
export function connect(
  id: string,
  expiry = 3_600,
  init: Partial<ClientInit> = {},
): { client: Client; session: Session } {
  const client = new Client({ id, protocolVersion: 5, cleanStart: false, ...init });
  const session = new Session(client, expiry);
  client.session = session;
  return { client, session };
}

/** A message. */
export function message(topic: string, payload: string | Uint8Array, init: Partial<MessageInit> = {}): Message {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return new Message({
    topic,
    payload: bytes,
    qos: 1,
    receivedAt: 1_700_000_000_000,
    publisherId: "publisher",
    ...init,
  });
}

/** The next exchange of a session. */
export function outbound(session: Session, content: Message, init: Partial<OutboundRecord> = {}): OutboundRecord {
  const { qos = content.qos, retain = false, identifiers, share } = init;
  return new OutboundRecord(session.clientId, session.nextSequence(), content, { qos, retain, identifiers, share });
}

/** A Packet Identifier that was received at QoS 2. */
export function inbound(session: Session, packetId: number): InflightRecord {
  return receivedRecord(session.clientId, packetId);
}
