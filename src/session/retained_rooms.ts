/** Memory for small retained messages.
 * @module */

/** Rooms have so many bytes or a multiple of that, so that a value that grows by a digit finds place in its own. */
const STEP = 64;
/** Bytes of the largest room; who needs more takes memory of its own. */
export const LARGEST_ROOM = 512;
/** A block has 2 to the power of so many rooms. */
const BLOCK_BITS = 7;
const LAST_OF_BLOCK = (1 << BLOCK_BITS) - 1;

/** Who has a room. */
export interface Tenant {
  /** The number of the room. It changes when rooms are moved together. */
  room: number;
}

/**
 * Rooms of one size, one behind the other without a gap: where one is given back, the last one moves in. So there is memory for
 * the rooms that are taken and for less than two blocks more, whatever is retained and cleared. Many share a block, which is why
 * the processor has its object at hand; blocks of a few rooms cost a tenth of the messages a second with ten thousand topics.
 */
export class Shelf {
  /** Bytes of a room. */
  readonly size: number;
  readonly #blocks: Uint8Array[] = [];
  readonly #tenants: Tenant[] = [];

  /** @param size bytes of a room */
  constructor(size: number) {
    this.size = size;
  }

  /** Bytes of its memory. */
  get bytes(): number {
    return this.#blocks.length * this.size << BLOCK_BITS;
  }

  /** The memory that a room is in. */
  blockOf(room: number): Uint8Array {
    return this.#blocks[room >> BLOCK_BITS];
  }

  /** Index of the first byte of a room in its block. */
  startOf(room: number): number {
    return (room & LAST_OF_BLOCK) * this.size;
  }

  /** Gives a room to somebody. Nothing has changed when there is no memory for it. */
  take(tenant: Tenant): void {
    const room = this.#tenants.length;
    if (room >> BLOCK_BITS === this.#blocks.length) this.#blocks.push(new Uint8Array(this.size << BLOCK_BITS));
    tenant.room = room;
    this.#tenants.push(tenant);
  }

  /** Takes a room back: what is in the last one moves there. Who had it may have a room elsewhere already. */
  giveBack(room: number): void {
    const tenants = this.#tenants, blocks = this.#blocks, last = tenants.pop()!, lastRoom = tenants.length;
    if (room !== lastRoom) {
      const from = this.startOf(lastRoom);
      this.blockOf(room).set(this.blockOf(lastRoom).subarray(from, from + this.size), this.startOf(room));
      last.room = room;
      tenants[room] = last;
    }
    const inUse = (tenants.length - 1 >> BLOCK_BITS) + 1;
    if (blocks.length > inUse + 1) blocks.pop(); // one waits, so that somebody who comes and goes costs nothing
  }
}

/** The shelves of a broker, each with rooms of another size. */
export class RetainedRooms {
  readonly #shelves: readonly Shelf[] = Array.from(
    { length: LARGEST_ROOM / STEP },
    (_, index) => new Shelf(STEP * (index + 1)),
  );

  /** The shelf with the smallest rooms that hold so many bytes, 1 to {@linkcode LARGEST_ROOM}. */
  shelfFor(length: number): Shelf {
    return this.#shelves[Math.ceil(length / STEP) - 1];
  }
}
