/** From the events of sessions to changes of the store.
 * @module */
import { isFailure } from "../../src/packets/reason_codes.ts";
import type { GrantedSubscription } from "../../src/hook/hook.ts";
import type { Client } from "../../src/session/client.ts";
import type { InflightRecord } from "../../src/session/inflight.ts";
import type { SessionView } from "../../src/session/session_view.ts";
import { utf8Length } from "../../src/packets/utf8.ts";
import type { Batch } from "./batch.ts";
import type { Bodies } from "./bodies.ts";
import { encodeOutbound } from "./codec_message.ts";
import { encodeClient, encodeSubscription } from "./codec_session.ts";
import type { GroupCommit } from "./group_commit.ts";
import { subscriptionItem } from "./keys.ts";
import { SessionState } from "./session_state.ts";

const NOTHING = new Uint8Array(1);

/**
 * Stores sessions that outlive their connection, with subscriptions and messages, and the wills of all. Every function returns the batch that
 * holds the change, `undefined` when there is nothing to change.
 */
export class SessionStore {
  readonly #commits: GroupCommit;
  readonly #bodies: Bodies;
  readonly #states = new Map<string, SessionState>();
  /** True once the store was read: what is in it is known. */
  loaded = false;

  /**
   * @param commits where changes go
   * @param bodies messages that are stored by themselves
   */
  constructor(commits: GroupCommit, bodies: Bodies) {
    this.#commits = commits;
    this.#bodies = bodies;
  }

  /**
   * A session is in the store already.
   *
   * @param clientId its ClientID
   * @param willOnly true when nothing but its will is there
   * @returns what is to be remembered of it
   */
  restored(clientId: string, willOnly: boolean): SessionState {
    const state = new SessionState(clientId, willOnly);
    this.#states.set(clientId, state);
    return state;
  }

  /** A client got its session. @throws {MqttError} 0x97 when too much waits */
  established(session: SessionView): Batch | undefined {
    const state = this.#stateOf(session), transient = session.expiryInterval === 0;
    if (transient && session.will === undefined) return state && this.#end(state, this.#commits.batchForEnd());
    if (state !== undefined && state.willOnly === transient) return this.#putClient(state, session);
    this.#commits.admit();
    return this.#begin(session);
  }

  /** A connection ended, or a will was sent or dropped. */
  changed(client: Client): Batch | undefined {
    const { session } = client, state = session && this.#stateOf(session);
    if (state === undefined) return undefined;
    if (state.willOnly && session!.will === undefined) return this.#end(state, this.#commits.batch());
    return session!.ended ? undefined : this.#putClient(state, session!);
  }

  /** A session ended, with everything that belongs to it but a will that is still to be sent. */
  ended(client: Client): Batch | undefined {
    const { session } = client, state = session && this.#stateOf(session);
    if (state === undefined) return undefined;
    if (session!.will === undefined) return this.#end(state, this.#commits.batchForEnd());
    if (state.willOnly) return undefined;
    const batch = this.#commits.batchForEnd();
    this.#clear(state, batch);
    state.willOnly = true;
    return this.#putClient(state, session!);
  }

  /** Filters were granted. @throws {MqttError} 0x97 when too much waits */
  subscribed(client: Client, subscriptions: readonly GrantedSubscription[]): Batch | undefined {
    const session = stored(client), granted = subscriptions.filter(({ reasonCode }) => !isFailure(reasonCode));
    if (session === undefined || granted.length === 0) return undefined;
    this.#commits.admit();
    const batch = this.#commits.batch(), state = this.#state(session), changes = state.changes(batch);
    for (const subscription of granted) {
      const item = subscriptionItem(subscription.topicFilter);
      batch.put(changes, item, encodeSubscription(subscription), state.keyBytes + utf8Length(item));
    }
    return batch;
  }

  /** Filters were removed. */
  unsubscribed(client: Client, topicFilters: readonly string[]): Batch | undefined {
    const session = stored(client);
    if (session === undefined) return undefined;
    const batch = this.#commits.batch(), state = this.#state(session), changes = state.changes(batch);
    for (const topicFilter of topicFilters) {
      const item = subscriptionItem(topicFilter);
      batch.delete(changes, item, state.keyBytes + utf8Length(item));
    }
    return batch;
  }

  /** An exchange began or came further. @throws {MqttError} 0x97 when it is a new one and too much waits */
  put(client: Client, record: InflightRecord): Batch | undefined {
    const session = stored(client);
    if (session === undefined) return undefined;
    const state = this.#state(session);
    if (record.direction === "out") return this.#putOutbound(state, record);
    this.#commits.admit();
    const batch = this.#commits.batch();
    batch.put(state.changes(batch), `i${record.packetId}`, NOTHING, state.keyBytes);
    return batch;
  }

  /** An exchange is finished or was given up. */
  remove(record: InflightRecord): Batch | undefined {
    const state = this.#states.get(record.clientId);
    if (state === undefined || state.willOnly) return undefined;
    const batch = this.#commits.batch(), changes = state.changes(batch);
    if (record.direction === "in") batch.delete(changes, `i${record.packetId}`, state.keyBytes);
    else if (record.sequence > state.stored) batch.cancel(changes, `o${record.sequence}`, state.keyBytes);
    else batch.delete(changes, `o${record.sequence}`, state.keyBytes);
    this.#release(state, record.sequence);
    return batch;
  }

  #putOutbound(state: SessionState, record: InflightRecord): Batch {
    const { sequence, message } = record;
    if (sequence > state.highest) this.#commits.admit();
    const batch = this.#commits.batch(message), changes = state.changes(batch);
    let body = state.bodies?.get(sequence);
    if (message === undefined) this.#release(state, sequence);
    else if (body === undefined) {
      body = this.#bodies.refer(message);
      if (body !== undefined) (state.bodies ??= new Map()).set(sequence, body);
    }
    batch.put(
      changes,
      `o${sequence}`,
      encodeOutbound(record, message === undefined ? 0 : body?.id ?? 0),
      state.keyBytes,
    );
    if (sequence > state.highest) state.highest = sequence;
    return batch;
  }

  #release(state: SessionState, sequence: number): void {
    const body = state.bodies?.get(sequence);
    if (body === undefined) return;
    state.bodies!.delete(sequence);
    this.#bodies.release(body);
  }

  /** What is remembered of a session; one that began before the hook was added is stored now. */
  #state(session: SessionView): SessionState {
    return this.#stateOf(session) ?? (this.#begin(session), this.#states.get(session.clientId)!);
  }

  /** The same for a session that may not be stored: a later one of the same ClientID may be. */
  #stateOf(session: SessionView): SessionState | undefined {
    const state = this.#states.get(session.clientId);
    if (state === undefined || state.session === session) return state;
    if (state.session !== undefined) return undefined;
    state.session = session;
    return state;
  }

  /** A new session. Whatever an old one of this ClientID left behind goes, also in a store that was never read. */
  #begin(session: SessionView): Batch {
    const { clientId } = session, old = this.#states.get(clientId), batch = this.#commits.batch();
    const state = new SessionState(clientId, session.expiryInterval === 0);
    state.session = session;
    this.#states.set(clientId, state);
    if (old !== undefined) this.#clear(old, batch);
    else if (!this.loaded) batch.drop(state.changes(batch));
    return this.#putClient(state, session);
  }

  #end(state: SessionState, batch: Batch): Batch {
    this.#states.delete(state.clientId);
    this.#clear(state, batch);
    return batch;
  }

  #clear(state: SessionState, batch: Batch): void {
    batch.drop(state.changes(batch));
    for (const body of state.bodies?.values() ?? []) this.#bodies.release(body);
    state.bodies = undefined;
  }

  #putClient(state: SessionState, session: SessionView): Batch {
    const batch = this.#commits.batch();
    const { clientId, username, protocolVersion, expiryInterval, disconnectedAt, will } = session;
    const { properties, remoteAddress, listenerId } = session.client,
      sessionExpiryInterval = state.willOnly ? 0 : expiryInterval;
    const origin = { remoteAddress, listenerId };
    const value = encodeClient(
      { clientId, username, ...origin, protocolVersion, properties, sessionExpiryInterval, disconnectedAt, will },
    );
    batch.put(state.changes(batch), "c", value, state.keyBytes);
    return batch;
  }
}

/** The session of a client, if it outlives the connection. */
function stored(client: Client): SessionView | undefined {
  const { session } = client;
  return session === undefined || session.expiryInterval === 0 || session.ended ? undefined : session;
}
