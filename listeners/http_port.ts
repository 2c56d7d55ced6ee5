/** A port on which HTTP is spoken, with a limit of time for whoever comes.
 * @module */
import type { Listener, ListenerContext, Socket, SocketPermit } from "../src/broker/core/listener.ts";
import { type HttpAnswer, HttpExchange } from "./http_exchange.ts";
import { tellOfRefusedRequest } from "./http_refusal.ts";
import { HttpError, type HttpRequest } from "./http_request.ts";
import { millisecondsOf } from "./seconds.ts";

/** An answer after which the socket speaks another protocol. */
export interface HttpUpgrade {
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Takes the socket over, with what has arrived behind the request. */
  take(socket: Socket, rest: { readonly early: Uint8Array; readonly permit?: SocketPermit }): void;
}

/** Decides what a request is answered with. */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | HttpUpgrade;

/** What brings sockets: TCP or TLS. */
export interface SocketSource extends Omit<Listener, "listen"> {
  /** Starts to accept. */
  listen(context: ListenerContext): void;
}

/** Serves HTTP over the sockets of a listener, one request for each. */
export class HttpPort {
  #listener: SocketSource;
  #timeout: number;
  #sockets: Set<Socket> = new Set();

  /**
   * Makes one.
   *
   * @param listener where sockets come from
   * @param requestTimeout seconds from a socket to the end of its answer; more than 0 to 3,600, default 10
   * @throws Error when that is no time
   */
  constructor(listener: SocketSource, requestTimeout: number = 10) {
    this.#listener = listener;
    this.#timeout = millisecondsOf("requestTimeout", requestTimeout);
  }

  /** Where it listens; the real address once it does. */
  get address(): string {
    return this.#listener.address;
  }

  /**
   * Starts to serve.
   *
   * @param context the broker
   * @param handle what requests are answered with
   * @throws Error that names the address when it cannot listen there
   */
  listen(context: ListenerContext, handle: HttpHandler): void {
    this.#listener.listen({
      logger: context.logger,
      info: () => context.info(),
      healthy: () => context.healthy(),
      nextRound: () => context.nextRound(),
      deadline: (milliseconds, expired) => context.deadline(milliseconds, expired),
      enter: (remoteAddress, close) => context.enter(remoteAddress, close),
      accept: (socket, permit) => this.#serve(socket, { permit, handle, context }),
    });
  }

  /** Stops, and ends requests that are not answered yet. Sockets that speak another protocol stay open. Safe to call twice. */
  async close(): Promise<void> {
    const closed = this.#listener.close();
    for (const socket of this.#sockets) socket.close();
    await closed;
  }

  async #serve(
    socket: Socket,
    { permit, handle, context }: { permit?: SocketPermit; handle: HttpHandler; context: ListenerContext },
  ): Promise<void> {
    const exchange = new HttpExchange(socket, { timeout: this.#timeout, context });
    let taken = false;
    this.#sockets.add(socket);
    try {
      const outcome = await answer(exchange, (request) => this.#told(handle(request), socket, context));
      if (outcome !== undefined) {
        taken = true;
        outcome.take(socket, { early: exchange.rest, permit });
      }
    } catch (error) {
      const fields = { listener: this.#listener.id, remote: socket.remoteAddress, error: reasonOf(error, exchange) };
      context.logger.debug("an HTTP request failed", fields);
    }
    exchange.release();
    this.#sockets.delete(socket);
    if (taken) return;
    socket.close();
    permit?.leave();
  }

  #told<T extends HttpAnswer | HttpUpgrade>(outcome: T, { remoteAddress }: Socket, { logger }: ListenerContext): T {
    if ("status" in outcome) {
      tellOfRefusedRequest(logger, outcome, { listener: this.#listener.id, remote: remoteAddress });
    }
    return outcome;
  }
}

/** A read that the end of the time has ended fails with what the system says, which tells nobody why. */
function reasonOf(error: unknown, { isLate }: HttpExchange): string {
  return isLate ? "no request, or nobody who reads its answer, in time" : String(error);
}

/** @returns who takes the socket over, if anybody does */
async function answer(exchange: HttpExchange, handle: HttpHandler): Promise<HttpUpgrade | undefined> {
  try {
    const request = await exchange.read();
    if (request === undefined) return undefined;
    const outcome = handle(request);
    if (!("take" in outcome)) return void await exchange.answer(outcome, request.method === "HEAD");
    await exchange.switchProtocols(outcome.headers);
    return outcome;
  } catch (error) {
    if (error instanceof HttpError) await exchange.answer({ status: error.status, text: `${error.message}\n` });
    throw error;
  }
}
