/** A Redis server of the test's own: a free port, a folder of its own, and no trace afterwards.
 * @module */

/** A running server. */
export class RedisServer implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly #options: readonly string[];
  #process: Deno.ChildProcess | undefined;

  private constructor(folder: string, port: number, options: readonly string[]) {
    this.folder = folder;
    this.port = port;
    this.#options = options;
  }

  /** Starts a server that answers. */
  static async start(...options: string[]): Promise<RedisServer> {
    const server = new RedisServer(await Deno.makeTempDir({ prefix: "redis_" }), freePort(), options);
    await server.begin();
    return server;
  }

  /** Starts a sentinel with a configuration file of its own. */
  static async sentinel(configuration: string): Promise<RedisServer> {
    const server = new RedisServer(await Deno.makeTempDir({ prefix: "redis_" }), freePort(), [configuration]);
    await server.begin();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again on its old data. */
  async begin(): Promise<void> {
    const args = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.folder], options = this.#options;
    if (options[0]?.endsWith(".conf")) args.splice(0, 0, options[0], "--sentinel");
    else args.push("--save", "", "--appendonly", "yes", "--appendfsync", "always", ...options);
    this.#process = new Deno.Command("redis-server", { args, stdout: "null", stderr: "null" }).spawn();
    for (let tries = 0; !await answers(this.port); tries++) {
      if (tries > 200) throw new Error("redis-server does not start");
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ends it, as a crash does by default. */
  async end(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    process?.kill(signal);
    await process?.status;
  }

  /** Stops it where it is, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** One command on a connection of its own. @returns the reply as it is on the wire */
export async function redisCommand(server: RedisServer, command: string[]): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const line = `*${command.length}\r\n${command.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
  await connection.write(new TextEncoder().encode(line));
  const reply = new Uint8Array(65_536), read = await connection.read(reply);
  return new TextDecoder().decode(reply.subarray(0, read ?? 0));
}

function freePort(): number {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return probe.addr.port;
}

async function answers(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("PING\r\n"));
    const reply = new Uint8Array(64), read = await connection.read(reply);
    return read !== null && !new TextDecoder().decode(reply).startsWith("-LOADING"); // NOAUTH is an answer, too
  } catch {
    return false;
  }
}
