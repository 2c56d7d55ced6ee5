/**
 * Finds files that import each other, directly or through others.
 *
 * @module
 */

import { type ImportGraph, importGraph } from "./imports.ts";
import type { Source } from "./sources.ts";

/** Files that may import each other's types: two of them can be one thought. */
const LARGEST_GROUP = 2;

/** What was found. */
export interface Circles {
  /** One line for each finding. */
  readonly findings: readonly string[];
  /** Files in the largest group that imports itself, types included; 0 where there is none. */
  readonly largest: number;
}

/**
 * Finds circles of imports: at run time there may be none, by types there may be pairs.
 *
 * @param sources the files
 * @returns what breaks the rule, and how large the largest group is
 */
export function findCircles(sources: readonly Source[]): Circles {
  const atRunTime = importGraph(sources, { atRunTime: true }), withTypes = importGraph(sources, { atRunTime: false });
  const groups = circleGroups(withTypes).toSorted((a, b) => b.length - a.length);
  return {
    findings: [
      ...circleGroups(atRunTime).map((group) =>
        `${inWords(atRunTime, group)}: a circle at run time, move what they share into a file of its own`
      ),
      ...groups.filter(({ length }) => length > LARGEST_GROUP).map((group) =>
        `${inWords(withTypes, group)}: the shortest circle of ${group.length} files that import each other, at most ` +
        `${LARGEST_GROUP} may: ${group.toSorted().join(" ")}`
      ),
    ],
    largest: groups[0]?.length ?? 0,
  };
}

function inWords(graph: ImportGraph, group: readonly string[]): string {
  const circle = shortestCircle(graph, group);
  return [...circle, circle[0]].join(" -> ");
}

/**
 * Groups files from each of which all others of the group can be reached (Tarjan's algorithm, without recursion).
 *
 * @param graph the files with their imports
 * @returns groups of two and more files, and files that import themselves
 */
export function circleGroups(graph: ImportGraph): string[][] {
  const numbers = new Map<string, number>(), lowest = new Map<string, number>();
  const stack: string[] = [], onStack = new Set<string>(), groups: string[][] = [];
  const enter = (file: string) => {
    numbers.set(file, numbers.size);
    lowest.set(file, numbers.get(file)!);
    stack.push(file);
    onStack.add(file);
    return { file, left: [...graph.get(file) ?? []] };
  };
  const lower = (file: string, number: number) => lowest.set(file, Math.min(lowest.get(file)!, number));
  const leave = (file: string) => {
    if (lowest.get(file) !== numbers.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    for (const member of group) onStack.delete(member);
    if (group.length > 1 || graph.get(file)?.includes(file)) groups.push(group);
  };
  for (const start of graph.keys()) {
    if (numbers.has(start)) continue;
    const path = [enter(start)];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const target = step.left.pop();
      if (target === undefined) {
        path.pop();
        leave(step.file);
        const before = path.at(-1);
        if (before !== undefined) lower(before.file, lowest.get(step.file)!);
      } else if (!numbers.has(target)) path.push(enter(target));
      else if (onStack.has(target)) lower(step.file, numbers.get(target)!);
    }
  }
  return groups;
}

/** The fewest files of a group that import each other in a row. */
function shortestCircle(graph: ImportGraph, group: readonly string[]): string[] {
  const circles = group.toSorted().map((file) => circleThrough(graph, file)).filter(({ length }) => length > 0);
  return circles.reduce((shortest, circle) => circle.length < shortest.length ? circle : shortest);
}

/** The shortest way from a file back to itself; nothing where there is none. */
function circleThrough(graph: ImportGraph, start: string): string[] {
  const cameFrom = new Map<string, string>(), waiting = [start];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    for (const target of graph.get(file) ?? []) {
      if (target === start) return wayTo(cameFrom, file);
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      waiting.push(target);
    }
  }
  return [];
}

function wayTo(cameFrom: ReadonlyMap<string, string>, end: string): string[] {
  const way: string[] = [];
  for (let file: string | undefined = end; file !== undefined; file = cameFrom.get(file)) way.unshift(file);
  return way;
}
