/** Strangers on the ports of WebSocket and HTTP. */

import { joined } from "../../packets/bytes.ts";
import { clientFrame, upgradeRequest } from "../../helpers/raw_websocket.ts";
import { sendAndReset, Stranger } from "../web_attackers.ts";
import { type Attack, rest } from "./attack.ts";

const NOTHING = new Uint8Array(0);
/** A frame that says it is 63 MB long, and some of it: the beginning of a CONNECT and what is behind it. */
const HUGE = Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 3, 0xc1, 0x4b, 0x40, 0, 0, 0, 0);

/** Requests that are reset before their answer. */
export const resetRequests: Attack = async function* ({ ws }) {
  for (;;) {
    await Promise.all(Array.from({ length: 10 }, () => sendAndReset(ws!, upgradeRequest())));
    yield 10;
  }
};

/** An endpoint that gets a first frame and the same again and again. */
function framesOf(first: Uint8Array, more: Uint8Array): Attack {
  return async function* ({ ws }) {
    using stranger = await Stranger.upgrade(ws!, first);
    while (await stranger.send(more)) {
      yield more.length;
      await rest(2);
    }
  };
}

/** Fragments without end, pings without end, a frame that is never whole. */
export const fragments: Attack = framesOf(
  clientFrame(Uint8Array.of(0x10), { final: false }),
  joined(...Array(5_000).fill(clientFrame(NOTHING, { opcode: 0, final: false }))),
);
export const webSocketPings: Attack = framesOf(
  NOTHING,
  joined(...Array(200).fill(clientFrame(new Uint8Array(125), { opcode: 9 }))),
);
export const unfinishedFrames: Attack = framesOf(HUGE, new Uint8Array(131_072));

/** A request that is answered, or refused, and as much as is taken behind it. */
export const floodsBehindRequests: Attack = async function* ({ ws, http }) {
  for (const port of [http!, ws!]) {
    using stranger = await Stranger.open(port);
    await stranger.send(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    for (const more = new Uint8Array(65_536); await stranger.send(more);) yield more.length;
  }
};

/** Pages of another origin, and hosts that are none. */
export const foreignPages: Attack = async function* ({ ws, http }) {
  const page = upgradeRequest({ headers: { Origin: "https://elsewhere.example" } });
  const host = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: [::\r\n\r\n");
  for (;;) {
    using upgrade = await Stranger.open(ws!);
    using request = await Stranger.open(http!);
    await Promise.all([upgrade.send(page), request.send(host)]);
    await Promise.all([upgrade.ended, request.ended]);
    yield page.length + host.length;
  }
};
