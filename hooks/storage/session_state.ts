/** What the storage remembers of each stored session. Sessions that end with their connection have none, but for their will.
 * @module */
import { utf8Length } from "../../src/packets/utf8.ts";
import type { SessionView } from "../../src/session/session_view.ts";
import type { Batch } from "./batch.ts";
import type { Body } from "./bodies.ts";
import type { GroupChanges } from "./engine.ts";
import { sessionGroup } from "./keys.ts";

/** Of the names of items, and of what an engine adds to names. */
const ITEM_BYTES = 32;

/** A stored session. */
export class SessionState {
  /** ClientID of the session. */
  readonly clientId: string;
  /** Name of its group. */
  readonly group: string;
  /** Whose it is; `undefined` for one that was read at the start, until something becomes of it. */
  session: SessionView | undefined = undefined;
  /** True when nothing but the will is stored: the session ends with its connection, or has ended. */
  willOnly: boolean;
  /** Bytes of the names of group and a short item. */
  readonly keyBytes: number;
  /** The highest sequence that was put. */
  highest = 0;
  /** The highest sequence that an earlier batch has put: what is above it the store has never seen. */
  stored = 0;
  /** Messages that are stored by themselves, by the sequence of the exchange. */
  bodies: Map<number, Body> | undefined = undefined;
  #batch: Batch | undefined;
  #changes: GroupChanges | undefined;

  /**
   * @param clientId ClientID of the session
   * @param willOnly true when nothing but its will is stored
   */
  constructor(clientId: string, willOnly: boolean) {
    this.clientId = clientId;
    this.willOnly = willOnly;
    this.group = sessionGroup(clientId);
    this.keyBytes = utf8Length(this.group) + ITEM_BYTES;
  }

  /**
   * The changes of this session in a batch.
   *
   * @param batch the batch
   * @returns changes of the group
   */
  changes(batch: Batch): GroupChanges {
    if (this.#batch === batch) return this.#changes!;
    this.#batch = batch;
    this.stored = this.highest;
    return this.#changes = batch.group(this.group);
  }
}
