/** A client for the inspector of V8, which Deno opens with `--inspect`. */

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A connection to a program that runs with `--inspect`. */
export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => this.#lost();
  }

  /**
   * Connects to the first program that answers at an address.
   *
   * @param address what `--inspect` was given, such as 127.0.0.1:9229
   */
  static async connect(address: string): Promise<Inspector> {
    const [program] = await (await fetch(`http://${address}/json/list`)).json();
    const socket = new WebSocket(program.webSocketDebuggerUrl);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`Cannot inspect: ${address} does not answer`));
    });
    return new Inspector(socket);
  }

  /** Calls a method of the inspector. */
  call(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const id = ++this.#count, answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer.promise;
  }

  #receive({ id, result, error }: Answer): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (waiting === undefined) return; // an event, or for somebody else
    this.#waiting.delete(id!);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new Error(error.message));
  }

  #lost(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error("the program has ended"));
    this.#waiting.clear();
  }

  /** Ends the connection; the program runs on. */
  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
