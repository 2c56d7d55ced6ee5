/** The life of hooks: `init` before their first event, `stop` after their last.
 * @module */
import type { Hook } from "../../hook/hook.ts";
import type { SystemInfo } from "../../hook/system_info.ts";
import type { Core } from "../core/core.ts";

/** Starts and stops the hooks of one broker. */
export class HookLife {
  readonly #core: Core;
  readonly #info: () => SystemInfo;
  readonly #options = new Map<Hook, unknown>();
  /** Hooks whose `init` is done, in that order. */
  readonly #live = new Set<Hook>();
  #state: "new" | "started" | "stopped" = "new";

  /**
   * @param core the broker
   * @param info what hooks are told of the counters
   */
  constructor(core: Core, info: () => SystemInfo) {
    this.#core = core;
    this.#info = info;
  }

  /** Adds a hook; once the broker has started its `init` runs first. @throws Error when it cannot be added or started */
  async add(hook: Hook, options: unknown): Promise<void> {
    this.#core.hooks.check(hook);
    if (this.#state === "new") {
      this.#options.set(hook, options);
      return this.#core.hooks.add(hook);
    }
    if (hook.durable) {
      throw new Error(`Cannot add hook ${hook.id}: a store has to be added before serve, which restores it`);
    }
    await this.#init(hook, options);
    try {
      this.#core.hooks.add(hook);
    } catch (error) { // another one with its id was faster
      await this.#stop(hook);
      throw error;
    }
  }

  /** Takes a hook off and stops it. @returns false when there is none with this id */
  async remove(id: string): Promise<boolean> {
    const hook = this.#core.hooks.remove(id);
    if (hook === undefined) return false;
    this.#options.delete(hook);
    await this.#stop(hook);
    return true;
  }

  /** Starts all hooks in the order added. @throws what an `init` throws */
  async start(): Promise<void> {
    this.#state = "started";
    for (const [hook, options] of this.#options) await this.#init(hook, options);
    this.#options.clear();
    this.#tellOfNobodyWhoDecides();
  }

  /** Without an answer it is a no: that is easily forgotten, and clients are not told why. */
  #tellOfNobodyWhoDecides(): void {
    const { hooks: { on }, options: { logger } } = this.#core;
    const tell = (what: string, event: string) =>
      logger.warn(
        `no client may ${what}: no hook answers ${event}; add allowAll(), ledger(rules) or a hook of your own`,
      );
    if (on.onConnectAuthenticate === undefined && on.onAuthPacket === undefined) {
      tell("connect", "onConnectAuthenticate");
    }
    if (on.onAclCheck === undefined) tell("publish or subscribe", "onAclCheck");
  }

  /** Stops all hooks that have started, the last one first; none hears of anything once its `stop` is called. Never rejects. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    for (const hook of [...this.#live].reverse()) {
      this.#core.hooks.remove(hook.id);
      await this.#stop(hook);
    }
  }

  async #init(hook: Hook, options: unknown): Promise<void> {
    const { logger, clock } = this.#core.options;
    if (this.#state !== "stopped") {
      await this.#core.hooks.live(hook, "init", () => hook.init?.(options, { logger, clock, info: this.#info }));
      this.#live.add(hook);
    }
    if (this.#state !== "stopped") return;
    await this.#stop(hook);
    throw new Error(`Cannot start hook ${hook.id}: the broker was closed`);
  }

  async #stop(hook: Hook): Promise<void> {
    if (!this.#live.delete(hook)) return;
    try {
      await this.#core.hooks.live(hook, "stop", () => hook.stop?.());
    } catch (error) {
      this.#core.unexpected(`hook ${hook.id} did not stop`, error);
    }
  }
}
