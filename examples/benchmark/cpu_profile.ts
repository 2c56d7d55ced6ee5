/** What a CPU profile of V8 says: where the time went. */

/** A function, as it was called from one place. */
export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** The format of `.cpuprofile` files; times are microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Names under which V8 tells of time in which no function ran. */
const NOT_BUSY = ["(idle)", "(root)"];

/** A function and what was called from it. */
export interface Frame {
  readonly name: string;
  /** File and line. */
  readonly where: string;
  /** Microseconds in the function itself. */
  self: number;
  /** Microseconds with all that it called. */
  total: number;
  readonly children: Frame[];
}

function place({ url, lineNumber }: ProfileNode["callFrame"]): string {
  return url === "" ? "" : `${url.replace(/^.*\/(?=[^/]+\/[^/]+$)/, "")}:${lineNumber + 1}`;
}

/**
 * Adds the samples of a profile up.
 *
 * @param profile the profile
 * @returns the function that called all others; calls of the same function from the same place are one, idle time is left out
 */
export function callTree(profile: CpuProfile): Frame {
  const self = new Map<number, number>();
  // a sample holds until the next one
  profile.samples.forEach((id, at) => self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[at + 1] ?? 0)));
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const called = new Set(profile.nodes.flatMap(({ children }) => children ?? []));
  const root: Frame = { name: "all", where: "", self: 0, total: 0, children: [] };
  const add = (node: ProfileNode, into: Frame) => {
    const frame = frameOf(node, into);
    frame.self += self.get(node.id) ?? 0;
    for (const child of node.children ?? []) add(nodes.get(child)!, frame);
  };
  for (const node of profile.nodes) {
    if (!called.has(node.id)) { for (const id of node.children ?? []) add(nodes.get(id)!, root); }
  }
  sum(root);
  return root;
}

function frameOf({ callFrame }: ProfileNode, parent: Frame): Frame {
  const name = callFrame.functionName || "(anonymous)", where = place(callFrame);
  const known = parent.children.find((child) => child.name === name && child.where === where);
  if (known !== undefined) return known;
  const frame: Frame = { name, where, self: 0, total: 0, children: [] };
  if (!NOT_BUSY.includes(name)) parent.children.push(frame);
  return frame;
}

function sum(frame: Frame): number {
  frame.children.forEach(sum);
  frame.total = frame.children.reduce((total, child) => total + child.total, frame.self);
  frame.children.sort((left, right) => right.total - left.total);
  return frame.total;
}

/** One line of a list of functions. */
export interface Entry {
  readonly name: string;
  readonly where: string;
  /** Share of the busy time that was spent in the function itself. */
  readonly share: number;
}

/**
 * Lists the functions that took most of the time, wherever they were called from.
 *
 * @param root the call tree
 * @param count how many
 */
export function topFunctions(root: Frame, count: number): Entry[] {
  const sums = new Map<string, { name: string; where: string; self: number }>();
  const visit = ({ name, where, self, children }: Frame) => {
    const key = `${name} ${where}`, known = sums.get(key);
    if (known === undefined) sums.set(key, { name, where, self });
    else known.self += self;
    children.forEach(visit);
  };
  visit(root);
  const sorted = [...sums.values()].sort((left, right) => right.self - left.self).slice(0, count);
  return sorted.map(({ name, where, self }) => ({ name, where, share: root.total === 0 ? 0 : self / root.total }));
}
