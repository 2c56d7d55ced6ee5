/** Who has no session: silent, broken and wrong. */

import { connectPacket } from "../../helpers/raw_client.ts";
import { SilentPeers } from "../silent_peers.ts";
import { sendAndReset, Stranger } from "../web_attackers.ts";
import { type Attack, bytesOf, connectNew, newName, type Ports, rest } from "./attack.ts";

const NOTHING = new Uint8Array(0);
const MANY = 300, STAY = 1_000;
/** An announced length of 256 MB, the beginning of a CONNECT, of a TLS record, of an HTTP request. */
const HELLOS = [NOTHING, Uint8Array.of(0x10, 0xff, 0xff, 0xff, 0x7f), Uint8Array.of(0x10, 0x20, 0)];
const TLS_HELLOS = [NOTHING, Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3), new Uint8Array(300).fill(0xa5)];
const HALF_REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: loc");

/** Connections by the hundred that say nothing, or begin and say no more. */
function silent(port: (ports: Ports) => number, hellos: readonly Uint8Array[]): Attack {
  return async function* (ports) {
    for (;;) {
      using peers = new SilentPeers(port(ports));
      await peers.add(MANY, (peer) => hellos[peer % hellos.length]);
      yield MANY;
      await rest(STAY);
    }
  };
}

/** Silent connections, by listener. */
export const silentConnections: Attack = silent(({ tcp }) => tcp, HELLOS);
export const silentHandshakes: Attack = silent(({ tls }) => tls!, TLS_HELLOS);
export const halfRequests: Attack = silent(({ http }) => http!, [HALF_REQUEST]);
export const halfUpgrades: Attack = silent(({ ws }) => ws!, [HALF_REQUEST, NOTHING]);

/** Connections that are reset as soon as they are there. */
export const resets: Attack = async function* ({ tcp }) {
  for (;;) {
    await Promise.all(Array.from({ length: 20 }, () => sendAndReset(tcp, Uint8Array.of(0x10))));
    yield 20;
  }
};

/** Bytes that mean nothing, behind a first byte that does. */
export const garbage: Attack = async function* ({ tcp }) {
  for (;;) {
    using stranger = await Stranger.open(tcp);
    const bytes = crypto.getRandomValues(new Uint8Array(1_000));
    bytes[0] = 0x10;
    await stranger.send(bytes);
    yield bytes.length;
  }
};

/** A packet that begins after CONNECT and does not end, and a hundred thousand bytes of ClientID. */
export const unfinishedPackets: Attack = async function* (ports) {
  for (;;) {
    using unfinished = await connectNew(ports, "unfinished");
    await unfinished.send(Uint8Array.of(0x30, 0xff, 0xff, 0x03, 0));
    using _refused = await connectNew(ports, "long", { clientId: newName("x").padEnd(60_000, "x") });
    yield 60_000;
    await rest(10);
  }
};

/** Wrong passwords for a user whose password is hashed, from who does not wait for the answer. */
export const wrongPasswords: Attack = async function* ({ tcp }) {
  for (;;) {
    using stranger = await Stranger.open(tcp);
    const bytes = bytesOf(1, () => connectPacket({ clientId: "", username: "peach", password: newName("wrong") }, 5));
    await stranger.send(bytes);
    yield bytes.length;
    await rest(10);
  }
};
