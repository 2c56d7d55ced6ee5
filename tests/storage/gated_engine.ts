/** An engine that commits when the test says so.
 * @module */
import type { Changes, StorageEngine } from "../../hooks/storage/engine.ts";
import { MemoryEngine } from "../../hooks/storage/memory_engine.ts";
import type { StorageHook, StorageOptions } from "../../hooks/storage/options.ts";
import { storageHook } from "../../hooks/storage/storage_hook.ts";
import { hookContext, LineLogger } from "./world.ts";
import { until } from "../helpers/until.ts";

/** An engine whose commits the test lets through, one by one, or fails. */
export class GatedEngine extends MemoryEngine {
  readonly begun: Changes[] = [];
  gated = true;
  readonly #gates: { let: () => void; fail: (error: Error) => void }[] = [];

  override async commit(changes: Changes): Promise<void> {
    if (this.gated) {
      this.begun.push(changes);
      await new Promise<void>((resolve, reject) => this.#gates.push({ let: resolve, fail: reject }));
    }
    await super.commit(changes);
  }

  async pass(): Promise<void> {
    await until(() => this.#gates.length > 0, "a commit");
    this.#gates.shift()!.let();
    await settle();
  }

  async fail(error: Error): Promise<void> {
    await until(() => this.#gates.length > 0, "a commit");
    this.#gates.shift()!.fail(error);
    await settle();
  }
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

export async function start(
  engine: StorageEngine,
  options: StorageOptions = {},
): Promise<{ hook: StorageHook; logger: LineLogger }> {
  const hook = storageHook(engine, options), logger = new LineLogger();
  await hook.init!(undefined, hookContext(logger));
  await hook.storedClients!();
  return { hook, logger };
}

/** A gated engine with an open hook. */
export async function gated(
  options: StorageOptions = {},
): Promise<{ engine: GatedEngine; hook: StorageHook; logger: LineLogger }> {
  const engine = new GatedEngine();
  engine.gated = false;
  const started = await start(engine, options);
  engine.gated = true;
  return { engine, ...started };
}

export function itemsOf(changes: Changes): string[] {
  const all: string[] = [];
  for (const [group, { dropped, items }] of changes) {
    if (dropped) all.push(`drop ${group}`);
    for (const [item, value] of items) all.push(`${value === undefined ? "delete" : "put"} ${group}/${item}`);
  }
  return all;
}

/** Notes when a promise settles. */
export function note(log: string[], name: string, promise: unknown): void {
  (promise as Promise<void>).then(() => log.push(name), (error) => log.push(`${name}: ${error.reasonCode}`));
}
