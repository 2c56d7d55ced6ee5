/** Rounds of a crash test: start the broker, let clients work, kill it, compare.
 * @module */
import { ANY_PORT, BrokerProcess } from "../cli/broker_process.ts";
import { within } from "../helpers/within.ts";
import { ConnectionLost } from "./crash_client.ts";
import { pause, Random } from "./crash_random.ts";
import type { CrashStore } from "./crash_stores.ts";
import { CrashWorld } from "./crash_world.ts";

/** What to do. */
export interface CrashOptions {
  /** How often the broker is killed. */
  readonly rounds: number;
  /** Decides everything that the system does not decide. */
  readonly seed: number;
}

/** Milliseconds after which a process that lives is killed at the latest: the first ones hit the restart of clients. */
const LONGEST_LIFE = 700;
const PATIENCE = 30_000;

/**
 * Kills the broker again and again.
 * @param store where it keeps everything
 * @param options how often, and the seed
 * @returns numbers for people
 * @throws Error with the seed and everything that was lost, came twice, or came in the wrong order
 */
export async function crashRounds(store: CrashStore, { rounds, seed }: CrashOptions): Promise<string> {
  const random = new Random(seed), world = new CrashWorld(random);
  let round = 0;
  try {
    while (round++ < rounds) await oneRound(store, world, random);
    await lastRound(store, world);
  } catch (error) {
    throw new Error(`seed ${seed}, round ${round}: ${(error as Error).message}`, { cause: error });
  } finally {
    await world.cut();
  }
  return `${rounds} rounds, seed ${seed}: ${world.summary}`;
}

async function oneRound(store: CrashStore, world: CrashWorld, random: Random): Promise<void> {
  await using broker = await start(store);
  const life = world.live(await broker.address("tcp")).then(() => undefined, (error) => error);
  await pause(random.between(5, LONGEST_LIFE));
  if (store.disturb !== undefined && random.chance(0.25) && world.ready) {
    await store.disturb(random);
    await within(world.alive(), "a confirmation after the store came back", PATIENCE);
  }
  const both = store.crash !== undefined && random.chance(0.3), early = random.chance(0.5);
  if (both && early) await store.crash!();
  broker.signal("SIGKILL");
  const { err } = await broker.end();
  if (both && !early) await store.crash!();
  if (both) await store.begin!();
  expectLost(await within(life, "clients to notice", PATIENCE));
  await world.cut();
  world.check();
  expectCalm(err);
}

async function lastRound(store: CrashStore, world: CrashWorld): Promise<void> {
  await using broker = await start(store);
  await within(world.finish(await broker.address("tcp")), "the last messages", 4 * PATIENCE);
  broker.signal("SIGTERM");
  const { code, err } = await broker.end();
  expectCalm(err);
  if (code !== 0) throw new Error(`the broker ended with ${code}:\n${err}`);
}

function start(store: CrashStore): Promise<BrokerProcess> {
  return BrokerProcess.start(["--tcp", ANY_PORT, "--store", store.url]);
}

/** A life ends with lost connections, or with nothing. */
function expectLost(error: unknown): void {
  const expected = [ConnectionLost, Deno.errors.ConnectionRefused, Deno.errors.ConnectionReset, Deno.errors.BrokenPipe];
  if (error !== undefined && !expected.some((kind) => error instanceof kind)) throw error;
}

/** The broker reports nothing but a store that is away. */
function expectCalm(log: string): void {
  const loud = log.split("\n").filter((line) => /ERROR|Uncaught|error:/.test(line) && !/the store does not/.test(line));
  if (loud.length > 0) throw new Error(`the broker has logged:\n${loud.join("\n")}`);
}
