/**
 * The good client as a program: a round trip at QoS 1, 20 ms of rest, the next one, and after every 10 a new connection
 * beside it. Prints "ready" after the first ones, and a report for each line of standard input.
 *
 *     deno run -A tests/helpers/good_client_program.ts PORT PID-OF-BROKER OPTIONS-AS-JSON
 */

import { PacketType } from "../../src/packets/types.ts";
import { authority } from "./certificates.ts";
import { type CoreTimes, coreTimes, waitedForOthers } from "./core_wait.ts";
import { connectTo } from "./byte_link.ts";
import { RawClient } from "./raw_client.ts";

/** Who it is and how it gets there. */
export interface GoodClientOptions {
  /** ClientID, also the last level of its topic `good/...`; `good` by default. */
  readonly clientId?: string;
  /** User name. */
  readonly username?: string;
  /** Password. */
  readonly password?: string;
  /** True when the port is that of a TLS listener with a certificate of `tests/helpers/certs`. */
  readonly tls?: boolean;
  /** False to make no new connections beside its own. */
  readonly newConnections?: boolean;
  /** True for a client that only pings: PINGREQ and PINGRESP are its round trip. */
  readonly pings?: boolean;
}

/** How it was served; times are milliseconds, without those in which broker or client waited for a core. */
export interface Served {
  /** Round trips that were done. */
  readonly roundTrips: number;
  /** Half of them took no longer. */
  readonly p50: number;
  /** 99 of 100 took no longer, of fewer all but one. */
  readonly p99: number;
  /** The slowest one. */
  readonly worst: number;
  /** Connections that it made beside its own. */
  readonly connects: number;
  /** The slowest of them, from the first byte to CONNACK. */
  readonly slowestConnect: number;
  /** How long broker and client waited for a core in all, and how long the machine stood still. */
  readonly waitedForCore: number;
  /** How long the main thread of the broker has computed during the slowest round trip. */
  readonly brokerRanInWorst: number;
  /** What failed. */
  readonly errors: string[];
}

const REST = 20, REST_AFTER_ERROR = 200;
const FIRST_ROUND_TRIPS = 10;
const CONNECT_EVERY = 10;
/** Longer than any attack takes: an answer that comes at last tells how long it took. */
const PATIENCE = 60_000;

/**
 * A timer that is late although this process has nothing to do: there was no core for it, which the kernel counts as well, or the
 * machine as a whole stood still, as virtual ones do now and then, which it does not.
 */
const BEAT = 10, PUNCTUAL = 15;
let late = 0, lastBeat = performance.now();
setInterval(() => {
  const now = performance.now();
  late = latenessAt(now);
  lastBeat = now;
}, BEAT);

/** How late the timer was in all; a beat that has not come yet is late already. */
function latenessAt(now: number): number {
  const since = now - lastBeat;
  return since > BEAT + PUNCTUAL ? late + since - BEAT : late;
}

/** A moment, what the kernel had counted of broker and client until then, and how late the timer was. */
interface Moment {
  readonly at: number;
  readonly late: number;
  readonly broker: CoreTimes;
  readonly client: CoreTimes;
}

/** How long broker and client were kept waiting by others between two moments. */
function waitedBetween(before: Moment, after: Moment): number {
  const client = Math.max(after.late - before.late, waitedForOthers(before.client, after.client));
  return client + waitedForOthers(before.broker, after.broker);
}

interface Sample {
  readonly since: Moment;
  readonly roundTrips: number[];
  readonly connects: number[];
  readonly errors: string[];
  /** What {@linkcode Served.brokerRanInWorst} is. */
  worst: { time: number; brokerRan: number };
}

const newSample = (since: Moment): Sample => ({
  ...{ since, roundTrips: [], connects: [], errors: [] },
  worst: { time: 0, brokerRan: 0 },
});

class Program {
  readonly #port: number;
  readonly #pid: number;
  readonly #options: GoodClientOptions;
  readonly #clientId: string;
  #client: RawClient | undefined;
  #sample: Sample;
  #underWay: { readonly kind: "roundTrips" | "connects"; readonly since: Moment } | undefined;

  constructor(broker: { port: number; pid: number }, options: GoodClientOptions) {
    this.#port = broker.port;
    this.#pid = broker.pid;
    this.#options = options;
    this.#clientId = options.clientId ?? "good";
    this.#sample = newSample(this.#now());
  }

  /** The first round trips are not counted: the client itself is slow then. */
  async begin(): Promise<void> {
    for (let done = 0; done < FIRST_ROUND_TRIPS; done++) await this.#roundTrip();
  }

  /** Goes on until the process ends. */
  async run(): Promise<never> {
    for (let done = 1;; done++) {
      try {
        await this.#time("roundTrips", () => this.#roundTrip());
        if (done % CONNECT_EVERY === 0 && this.#options.newConnections !== false) {
          await this.#time("connects", () => this.#connectAnew(`${this.#clientId}-${done}`));
        }
      } catch (error) {
        await this.#failed(error);
      }
      await pause(REST);
    }
  }

  /** Figures since the last report. */
  report(): Served {
    const sample = this.#sample, { roundTrips, connects, errors } = sample, now = this.#now();
    this.#sample = newSample(now);
    if (this.#underWay !== undefined) this.#count(sample, this.#underWay.kind, this.#underWay.since);
    roundTrips.sort((a, b) => a - b);
    const at = (part: number) => milliseconds(roundTrips[Math.floor((roundTrips.length - 1) * part)]);
    return {
      ...{ roundTrips: roundTrips.length, p50: at(0.5), p99: at(0.99), worst: milliseconds(roundTrips.at(-1)) },
      ...{ connects: connects.length, slowestConnect: milliseconds(Math.max(0, ...connects)), errors },
      waitedForCore: milliseconds(waitedBetween(sample.since, now)),
      brokerRanInWorst: milliseconds(sample.worst.brokerRan),
    };
  }

  async #time(kind: "roundTrips" | "connects", action: () => Promise<void>): Promise<void> {
    const since = this.#now();
    this.#underWay = { kind, since };
    await action().finally(() => this.#underWay = undefined);
    this.#count(this.#sample, kind, since);
  }

  #count(sample: Sample, kind: "roundTrips" | "connects", since: Moment): void {
    const now = this.#now(), time = Math.max(0, now.at - since.at - waitedBetween(since, now));
    sample[kind].push(time);
    if (kind === "roundTrips" && time > sample.worst.time) {
      sample.worst = { time, brokerRan: now.broker.ran - since.broker.ran };
    }
  }

  #now(): Moment {
    const at = performance.now();
    return { at, late: latenessAt(at), broker: coreTimes(this.#pid), client: coreTimes(Deno.pid) };
  }

  async #roundTrip(): Promise<void> {
    const client = this.#client ??= await this.#subscribed();
    if (this.#options.pings) return void await client.barrier();
    await client.sendPublish(`good/${this.#clientId}`, "round trip", { qos: 1 });
    for (let left = 2; left > 0; left--) {
      const { type, packetId } = await client.next();
      if (type === PacketType.PUBLISH) await client.ack(PacketType.PUBACK, packetId!);
      else if (type !== PacketType.PUBACK) throw new Error(`packet of type ${type}`);
    }
  }

  async #subscribed(): Promise<RawClient> {
    const client = await this.#connected(this.#clientId);
    await client.subscribe(`good/${this.#clientId}`, { qos: 1 });
    return client;
  }

  async #connectAnew(clientId: string): Promise<void> {
    const client = await this.#connected(clientId);
    await client.disconnect();
  }

  async #connected(clientId: string): Promise<RawClient> {
    const { username, password, tls } = this.#options, tcp = await connectTo(`127.0.0.1:${this.#port}`);
    const stream = tls
      ? await Deno.startTls(tcp as Deno.TcpConn, { hostname: "localhost", caCerts: [authority()] })
      : tcp;
    return await new RawClient(stream, { version: 5, patience: PATIENCE }).connect({ clientId, username, password });
  }

  async #failed(error: unknown): Promise<void> {
    this.#sample.errors.push(String(error));
    await this.#client?.cut().catch(() => {});
    this.#client = undefined;
    await pause(REST_AFTER_ERROR);
  }
}

function milliseconds(time = 0): number {
  return Math.round(time * 10) / 10;
}

function pause(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time));
}

if (import.meta.main) {
  const [port, pid, options] = Deno.args;
  const program = new Program({ port: Number(port), pid: Number(pid) }, JSON.parse(options));
  await program.begin();
  void program.run();
  console.log("ready");
  const line = new Uint8Array(1_024);
  while (await Deno.stdin.read(line) !== null) {
    console.log(JSON.stringify(program.report()));
    await pause(REST); // who asks again at once does not keep it from its round trips
  }
  Deno.exit();
}
