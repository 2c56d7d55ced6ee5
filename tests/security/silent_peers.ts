/** Strangers who open connections and say nothing. */

/** So many are opened at a time, one lot after so many milliseconds: more than the system's queue of new connections overflows. */
const AT_ONCE = 20, PAUSE = 8;

/** Connections that are opened and held, until the broker closes them. */
export class SilentPeers implements Disposable {
  /** How many were opened. */
  opened = 0;
  readonly #port: number;
  readonly #open = new Set<Deno.Conn>();
  #number = 0;
  #stopped = false;

  /** @param port where they go, on this machine */
  constructor(port: number) {
    this.#port = port;
  }

  /** How many are open still. */
  get open(): number {
    return this.#open.size;
  }

  /** Opens some more; `hello` is what each of them sends, by its number. */
  async add(count: number, hello: (peer: number) => Uint8Array = () => new Uint8Array(0)): Promise<void> {
    for (let left = count; left > 0 && !this.#stopped; left -= AT_ONCE) {
      const opening = Array.from({ length: Math.min(left, AT_ONCE) }, () => this.#openOne(hello(this.#number++)));
      await Promise.allSettled(opening); // some may be refused or reset
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  async #openOne(hello: Uint8Array): Promise<void> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    this.opened++;
    this.#open.add(connection);
    void this.#hold(connection);
    if (hello.length > 0) await connection.write(hello);
  }

  async #hold(connection: Deno.Conn): Promise<void> {
    const answer = new Uint8Array(1_024);
    try {
      while (await connection.read(answer) !== null);
    } catch { /* reset */ }
    if (this.#open.delete(connection)) connection.close();
  }

  /** Closes all of them. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const connection of this.#open) connection.close();
    this.#open.clear();
  }
}
