/** Reads much of a file of Deno KV in a thread of its own. Deno needs several microseconds to hand over one item, ten times
 * what the broker needs to make something of it; a start has hundreds of thousands, and machines have more than one core.
 * @module */
import { Decoder } from "./decoder.ts";
import type { KvEntry, KvKey, KvStore } from "./kv_api.ts";

/** What to read. */
export interface KvRange {
  /** The file. */
  readonly path: string;
  /** The first key. */
  readonly start: KvKey;
  /** The first key that is not read any more. */
  readonly end: KvKey;
}

/** What the thread sends: packed items, `"end"`, or why it cannot go on. */
type Answer = { items: Uint8Array } | { error: string } | "end";

/** What the thread is. */
interface Scope {
  onmessage: (event: { data: KvRange | "more" }) => void;
  postMessage(answer: Answer, transfer?: ArrayBufferLike[]): void;
}

/** What stands in place of the value of a large item: where its pieces are. */
const IS_HEAD = 0x8000_0000;

/**
 * The program of the thread. It is sent there as text, so that it needs no file and no permission to read one: nothing
 * from outside of this function may be used in it, except types.
 */
function thread(): void {
  const scope = globalThis as unknown as Scope, text = new TextEncoder(), size = 262_144;
  const { openKv } = Deno as unknown as { openKv(path: string): Promise<KvStore> };
  let memory = new Uint8Array(size), at = 0, last: string | undefined, ahead = 8, wake = () => {};
  scope.onmessage = ({ data }) => {
    if (data === "more") {
      ahead++;
      return wake();
    }
    read(data).catch((error) => scope.postMessage({ error: String(error?.message ?? error) }));
  };
  async function read({ path, start, end }: KvRange): Promise<void> {
    const kv = await openKv(path);
    for await (const entry of kv.list({ start, end }, { batchSize: 1_000 })) {
      put(entry);
      if (at < size / 2) continue;
      send();
      while (ahead === 0) await new Promise<void>((resolve) => wake = resolve);
    }
    if (at > 0) send();
    kv.close();
    scope.postMessage("end");
  }
  function put({ key, value }: KvEntry): void {
    const isBytes = value instanceof Uint8Array, bytes = isBytes ? value : text.encode(JSON.stringify(value));
    const [, group, item] = key as readonly string[], room = 8 + 3 * (group.length + item.length) + bytes.length;
    if (at + room > memory.length) {
      const larger = new Uint8Array(at + room);
      larger.set(memory.subarray(0, at));
      memory = larger;
    }
    putText(group === last ? "" : last = group); // no group has an empty name
    putText(item);
    new DataView(memory.buffer).setUint32(at, bytes.length + (isBytes ? 0 : 0x8000_0000));
    memory.set(bytes, at + 4);
    at += 4 + bytes.length;
  }
  function putText(value: string): void {
    const { written } = text.encodeInto(value, memory.subarray(at + 2));
    memory[at] = written >>> 8;
    memory[at + 1] = written;
    at += 2 + written;
  }
  function send(): void {
    const items = memory.subarray(0, at);
    scope.postMessage({ items }, [memory.buffer]);
    memory = new Uint8Array(size);
    at = 0;
    last = undefined;
    ahead--;
  }
}

/** An item as the thread has packed it. Its name is decoded when somebody wants to know: for many nobody does. */
export class PackedItem {
  readonly group: string;
  /** The bytes, or what refers to the pieces of a large value. */
  value: Uint8Array | readonly unknown[];
  readonly #name: Uint8Array;
  readonly #at: number;

  constructor(group: string, source: Decoder) {
    this.group = group;
    this.#name = source.bytes;
    this.#at = source.at;
    source.skipText();
    const length = source.u32();
    if (length < IS_HEAD) this.value = source.take(length).slice();
    else this.value = JSON.parse(new TextDecoder().decode(source.take(length - IS_HEAD)));
  }

  /** Name in the group. */
  get item(): string {
    return new Decoder(this.#name, this.#at).text();
  }
}

/**
 * Reads a range in a thread of its own.
 *
 * @param range what to read
 * @returns pages of items
 * @throws {Error} (as rejection) when the thread cannot be started, or cannot read
 */
export async function* readApart(range: KvRange): AsyncIterable<PackedItem[]> {
  const url = `data:text/javascript,${encodeURIComponent(`(${thread})()`)}`;
  const worker = new Worker(url, { type: "module", name: "storage-reader" });
  const answers: Answer[] = [];
  let wake = () => {};
  const answered = (answer: Answer) => {
    answers.push(answer);
    wake();
  };
  worker.onmessage = ({ data }) => answered(data);
  worker.onerror = (event) => {
    event.preventDefault();
    answered({ error: event.message });
  };
  try {
    worker.postMessage(range);
    for (;;) {
      while (answers.length === 0) await new Promise<void>((resolve) => wake = resolve);
      const answer = answers.shift()!;
      if (answer === "end") return;
      if ("error" in answer) throw new Error(`Cannot read ${range.path} in a thread: ${answer.error}`);
      worker.postMessage("more");
      yield unpack(answer.items);
    }
  } finally {
    worker.terminate();
  }
}

function unpack(bytes: Uint8Array): PackedItem[] {
  const source = new Decoder(bytes), items: PackedItem[] = [];
  for (let group = ""; source.at < bytes.length;) {
    group = source.text() || group;
    items.push(new PackedItem(group, source));
  }
  return items;
}
