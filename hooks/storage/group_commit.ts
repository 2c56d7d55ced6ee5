/** Group commit: changes of all clients gather while a commit is under way, and the next one takes them all.
 * @module */
import { ReasonCode } from "../../src/packets/reason_codes.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { Batch } from "./batch.ts";
import type { CommitReport } from "./commit_report.ts";
import { type EngineLimits, type StorageEngine, StoreLostError } from "./engine.ts";
import type { StorageLimits } from "./options.ts";

const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 2_000;
/** Bytes that a change takes besides its name and its value: an entry of a batch, and the buffer of the value. */
const MUTATION = 256;

/** What a {@linkcode GroupCommit} is made of. */
export interface GroupCommitOptions extends StorageLimits {
  /** Where commits go. */
  readonly engine: StorageEngine;
  /** Counters, and the log line once a period. */
  readonly report: CommitReport;
  /** Milliseconds in which changes gather before a commit begins; 0 for none. */
  readonly gather: number;
}

/** Commits batches one after the other, in the order in which their changes were made. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #full: Batch[] = [];
  #open = new Batch();
  #underWay: Batch | undefined;
  #waiting = { mutations: 0, bytes: 0 }; // of full batches and the one under way
  #turn = false; // something was changed in this turn of the event loop
  #sticky = false; // what follows in this turn belongs to what came before
  #message: object | undefined;
  #start: EngineLimits = { mutations: 0, keyBytes: 0, valueBytes: 0 };
  #lastSize: EngineLimits = this.#start;
  #active = false;
  #began = 0;
  #running: Promise<void> | undefined;
  #lost: StoreLostError | undefined;
  #closing = false;
  #wake: (() => void) | undefined;

  /** @param options what it is made of */
  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Mutations that are not committed yet. */
  get pendingMutations(): number {
    return this.#waiting.mutations + this.#open.mutations;
  }

  /** Bytes of memory that they take. */
  get pendingBytes(): number {
    return this.#waiting.bytes + this.#open.keyBytes + this.#open.valueBytes + MUTATION * this.pendingMutations;
  }

  /** Milliseconds for which the store has owed an answer to a commit, 0 for none under way. */
  get owed(): number {
    return this.#began === 0 ? 0 : performance.now() - this.#began;
  }

  /** What ended it for good, if something did. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /**
   * Checks that the backlog may grow.
   *
   * @throws {MqttError} 0x97 when it is at its limit, 0x83 when the store is lost
   */
  admit(): void {
    if (this.#lost !== undefined) {
      throw new MqttError(ReasonCode.ImplementationSpecificError, `Cannot store: ${this.#lost.message}`);
    }
    const { maximumPendingMutations, maximumPendingBytes, report } = this.#options;
    if (this.pendingMutations < maximumPendingMutations && this.pendingBytes < maximumPendingBytes) return;
    report.refused();
    throw new MqttError(ReasonCode.QuotaExceeded, "Cannot store: too many changes wait for the store");
  }

  /**
   * The batch for the next change. What one turn of the event loop does for one message stays in one batch, so that a crash
   * never sees a part of it.
   *
   * @param message the message that the change belongs to, if any
   * @returns the open batch
   */
  batch(message?: object): Batch {
    let begins = !this.#turn;
    if (begins) {
      this.#turn = true;
      queueMicrotask(() => this.#endTurn());
    } else begins = message !== undefined && message !== this.#message && !this.#sticky;
    if (message !== undefined) this.#message = message;
    if (begins) this.#beginTransaction();
    return this.#open;
  }

  /**
   * The batch for the end of a session: whatever follows in this turn (messages that others get instead) stays with it.
   *
   * @returns the open batch
   */
  batchForEnd(): Batch {
    this.#sticky = false;
    const batch = this.batch({});
    this.#sticky = true;
    return batch;
  }

  /**
   * Waits until everything is committed, then takes nothing more: whatever comes later is refused, and the engine left alone.
   *
   * @param timeout milliseconds after which it gives up
   * @returns true when everything was committed
   */
  async close(timeout: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, timeout));
    await Promise.race([this.#drain(), late]);
    clearTimeout(timer);
    this.#closing = true;
    this.#wake?.();
    const complete = this.pendingMutations === 0;
    this.#giveUp(new StoreLostError(`the storage was stopped${complete ? "" : " before the change was committed"}`));
    return complete;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // the end of this turn starts the last commit
    while (this.#active) {
      this.#wake?.();
      await this.#running;
    }
  }

  #beginTransaction(): void {
    const open = this.#open, start = this.#start;
    this.#lastSize = {
      mutations: Math.max(0, open.mutations - start.mutations),
      keyBytes: Math.max(0, open.keyBytes - start.keyBytes),
      valueBytes: Math.max(0, open.valueBytes - start.valueBytes),
    };
    if (open.mutations > 0 && open.isFull(this.#options.engine.limits, this.#lastSize)) this.#cut();
    const { mutations, keyBytes, valueBytes } = this.#open;
    this.#start = { mutations, keyBytes, valueBytes };
  }

  #cut(): void {
    const batch = this.#open;
    this.#waiting.mutations += batch.mutations;
    this.#waiting.bytes += batch.keyBytes + batch.valueBytes;
    this.#full.push(batch);
    this.#open = new Batch();
  }

  #endTurn(): void {
    this.#turn = this.#sticky = false;
    this.#message = undefined;
    if (this.#active) return;
    this.#active = true;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { gather } = this.#options;
    do {
      if (gather > 0 && this.#full.length === 0) await this.#pause(gather);
      if (this.#full.length === 0) this.#cut();
      const batch = this.#underWay = this.#full.shift()!;
      const { mutations } = batch, bytes = batch.keyBytes + batch.valueBytes;
      if (mutations > 0) await this.#commit(batch);
      else batch.resolve();
      this.#underWay = undefined;
      this.#waiting.mutations -= mutations;
      this.#waiting.bytes -= bytes;
    } while ((this.#full.length > 0 || this.#open.changes.size > 0) && !this.#closing);
    this.#active = false;
  }

  /** Tries until it is done or can never be. */
  async #commit(batch: Batch): Promise<void> {
    const { engine, report } = this.#options;
    for (let pause = FIRST_PAUSE; this.#lost === undefined; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        this.#began = performance.now();
        await engine.commit(batch.changes);
        this.#began = 0;
        report.committed(batch.mutations);
        return batch.resolve();
      } catch (error) {
        this.#began = 0;
        report.failed(error, this.pendingMutations);
        if (error instanceof StoreLostError) this.#giveUp(error);
        else await this.#pause(pause);
      }
    }
    batch.reject(this.#refusal());
  }

  #giveUp(error: StoreLostError): void {
    this.#lost ??= error;
    for (const batch of [this.#underWay, ...this.#full, this.#open]) batch?.reject(this.#refusal());
  }

  #refusal(): MqttError {
    return new MqttError(ReasonCode.ImplementationSpecificError, `Cannot store: ${this.#lost?.message}`);
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
