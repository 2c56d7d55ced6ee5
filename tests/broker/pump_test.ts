/** What has waited for a client is sent in portions, and counts as work that others wait for. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Core } from "../../src/broker/core/core.ts";
import { Portions } from "../../src/broker/core/portions.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { pump } from "../../src/broker/outbound/pump.ts";
import { Client } from "../../src/session/client.ts";
import { Message } from "../../src/session/message.ts";
import { OutboundRecord } from "../../src/session/outbound_record.ts";
import { Session } from "../../src/session/session.ts";

const DELIVERY = { qos: 1, retain: false, identifiers: undefined, share: undefined } as const;

/** A core, the units of work that it was told of, and the rounds that it has asked for. */
function start() {
  const core = new Core(resolveOptions({})), spent: number[] = [], rounds: (() => void)[] = [];
  const portions = new Portions({ later: (run) => void rounds.push(run), onError: () => {} });
  const spend = portions.spend;
  portions.spend = (units) => (spent.push(units), spend.call(portions, units));
  Object.assign(core, { portions });
  return { core, spent, rounds };
}

function messageOf(): Message {
  return new Message({ topic: "t", payload: new Uint8Array(0), receivedAt: 0 });
}

/** A session with so many messages, for a client that may not read any of them any more. */
function sessionWith(core: Core, count: number): Session {
  const client = new Client({ id: "a", protocolVersion: 5, cleanStart: true });
  const session = new Session(client, 0, core.deliveries), { outbox } = session;
  for (let sequence = 0; sequence < count; sequence++) {
    outbox.enqueue(new OutboundRecord("a", sequence, messageOf(), DELIVERY));
  }
  const link = { ready: true, takesBacklog: () => true, hasRoom: () => true, sendPublish: () => true };
  session.link = link as unknown as Session["link"];
  session.sendQuota.begin(10);
  return session;
}

Deno.test("after 1,024 messages others have their turn, and two units for each are used up", () => {
  const { core, spent, rounds } = start(), session = sessionWith(core, 1_100);
  pump(core, session);
  assertEquals([session.outbox.queue.length, sum(spent), rounds.length], [76, 2 * 1_024, 1]);
  rounds[0]();
  assertEquals([session.outbox.queue.length, sum(spent)], [0, 2 * 1_088]);
});

Deno.test("as many as may be sent in a row are sent without a pause", () => {
  const { core, rounds } = start(), session = sessionWith(core, 1_024);
  pump(core, session);
  assertEquals([session.outbox.queue.length, rounds.length], [0, 0]);
});

Deno.test("many who have a lot share a portion, each in its turn", () => {
  const { core, rounds } = start(), sessions = [1, 2, 3].map(() => sessionWith(core, 1_000));
  const left = () => sessions.map(({ outbox }) => outbox.queue.length);
  for (const session of sessions) pump(core, session);
  assertEquals([left(), rounds.length], [[0, 712, 968], 1]); // 2,500 units are 1,250 messages, in steps of 32
  rounds.shift()!();
  assertEquals([left(), rounds.length], [[0, 0, 392], 1]);
  rounds.shift()!();
  assertEquals([left(), rounds.length], [[0, 0, 0], 0]);
});

Deno.test("what an acknowledgement lets follow costs nothing more and waits for nobody, however much others have used up", () => {
  const { core, spent, rounds } = start();
  core.portions.spend(1_000_000);
  const session = sessionWith(core, 31);
  pump(core, session);
  assertEquals([session.outbox.queue.length, spent.length, rounds.length], [0, 1, 1]);
});

Deno.test("what is sent again is sent in portions, too, in its order and before what has come since", () => {
  const { core, rounds } = start(), session = sessionWith(core, 40), sent: number[] = [];
  core.hooks.add(allowAll());
  session.sendQuota.begin(100);
  pump(core, session);
  session.sendQuota.begin(100);
  session.outbox.connect();
  Object.assign(session.link!, { sendPublish: (_: Message, { sequence }: OutboundRecord) => sent.push(sequence) > 0 });
  session.outbox.enqueue(new OutboundRecord("a", 40, messageOf(), DELIVERY));
  core.portions.spend(1_000_000);
  pump(core, session);
  assertEquals(sent, Array.from({ length: 32 }, (_, sequence) => sequence));
  rounds[0]();
  assertEquals(sent, Array.from({ length: 41 }, (_, sequence) => sequence));
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
