/** Many deadlines, one timer: a binary heap on top of a {@linkcode Clock}.
 * @module */
import type { Clock } from "./clock.ts";

/** The longest delay that a runtime timer takes: 2^31 - 1 ms. Later deadlines are reached in several steps. */
const LONGEST_DELAY = 0x7fffffff;

/** Milliseconds that tasks which are due run one behind the other before others have their turn. */
const LONGEST_RUN = 3;

/** A deadline; {@linkcode Scheduler.cancel} takes it back. */
export interface Task {
  /** When it is due, in milliseconds of the clock. */
  readonly due: number;
  /** What runs then; `undefined` once it ran or was cancelled. */
  run: (() => void) | undefined;
}

/** Runs tasks when they are due. Cancelling is cheap: a cancelled task stays in the heap until half of it is dead. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #heap: Task[] = [];
  #cancelled = 0;
  #timer: number | undefined;
  #timerDue = Infinity;
  #closed = false;

  /**
   * @param clock source of time
   * @param onError told of every error that a task throws
   */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Number of live tasks. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** Runs `run` at `due` (clock milliseconds); a time that has passed means as soon as possible. */
  at(due: number, run: () => void): Task {
    const task: Task = { due, run };
    this.#heap.push(task);
    this.#siftUp(this.#heap.length - 1);
    if (due < this.#timerDue) this.#arm();
    return task;
  }

  /** Runs `run` in `delay` milliseconds. */
  after(delay: number, run: () => void): Task {
    return this.at(this.#clock.now() + delay, run);
  }

  /** Takes a task back; `undefined` and tasks that ran are ignored. */
  cancel(task: Task | undefined): void {
    if (task?.run === undefined) return;
    task.run = undefined;
    if (++this.#cancelled * 2 > this.#heap.length && this.#heap.length > 64) this.#compact();
  }

  /** Forgets every task and stops the timer. */
  close(): void {
    this.#closed = true;
    this.#heap = [];
    this.#cancelled = 0;
    this.#disarm();
  }

  /** To sort half a million tasks would take half a second. */
  #compact(): void {
    this.#heap = this.#heap.filter((task) => task.run !== undefined);
    this.#cancelled = 0;
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index--) this.#siftDown(index);
  }

  #arm(): void {
    this.#disarm();
    const first = this.#heap[0];
    if (first === undefined || this.#closed) return;
    this.#timerDue = first.due;
    const delay = Math.min(Math.max(first.due - this.#clock.now(), 0), LONGEST_DELAY);
    this.#timer = this.#clock.setTimeout(() => this.#fire(), delay);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDue = Infinity;
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerDue = 0; // tasks added meanwhile do not arm a timer of their own
    const now = this.#clock.now();
    for (let left = this.#heap.length; left > 0; left--) { // what is added meanwhile waits, so that others get their turn
      const first = this.#heap[0];
      if (first === undefined || first.due > now) break;
      this.#pop();
      this.#run(first);
      if (this.#clock.now() - now >= LONGEST_RUN) break; // hundreds of thousands may be due at once
    }
    this.#arm();
  }

  #run(task: Task): void {
    const run = task.run;
    if (run === undefined) {
      this.#cancelled--;
      return;
    }
    task.run = undefined;
    try {
      run();
    } catch (error) {
      this.#onError(error);
    }
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown(0);
  }

  #siftUp(index: number): void {
    const heap = this.#heap, task = heap[index];
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent].due <= task.due) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = task;
  }

  #siftDown(index: number): void {
    const heap = this.#heap, task = heap[index], length = heap.length;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= length) break;
      if (child + 1 < length && heap[child + 1].due < heap[child].due) child++;
      if (heap[child].due >= task.due) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = task;
  }
}
