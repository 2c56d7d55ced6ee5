/** Draws a call tree as a flame graph: one HTML file that needs nothing else. */

import type { Frame } from "./cpu_profile.ts";

const ROW = 18, SMALLEST_SHARE = 0.0005, LETTER = 0.6;

const PAGE_STYLE = `body { font: 12px sans-serif; margin: 1em }
svg { width: 100%; font: 11px monospace } rect { stroke: #fff; stroke-width: 0.5 } g.call { cursor: pointer }
g.call:hover rect { stroke: #000 } text { pointer-events: none }`;

/** Clicking a function makes it as wide as the page; clicking it again goes back. */
const PAGE_SCRIPT = `const calls = [...document.querySelectorAll("g.call")];
let zoomed;
function draw(from, share) {
  const width = document.querySelector("svg").clientWidth;
  for (const call of calls) {
    const [x, w] = [(call.dataset.x - from) / share, call.dataset.w / share];
    const [left, right] = [Math.max(0, x), Math.min(1, x + w)], pixels = (right - left) * width;
    call.style.display = right - left > 0 ? "" : "none";
    const rect = call.querySelector("rect"), text = call.querySelector("text");
    rect.setAttribute("x", left * 100 + "%");
    rect.setAttribute("width", Math.max(0, right - left) * 100 + "%");
    text.setAttribute("x", left * 100 + "%");
    const letters = Math.floor(pixels / 11 / ${LETTER}) - 1, name = call.dataset.name;
    text.textContent = letters < 3 ? "" : name.length <= letters ? name : name.slice(0, letters - 1) + "\\u2026";
  }
}
for (const call of calls) {
  call.onclick = () => {
    zoomed = zoomed === call ? undefined : call;
    zoomed === undefined ? draw(0, 1) : draw(Number(call.dataset.x), Number(call.dataset.w));
  };
}
onresize = () => zoomed === undefined ? draw(0, 1) : draw(Number(zoomed.dataset.x), Number(zoomed.dataset.w));
draw(0, 1);`;

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** A warm colour that is the same for all functions of one file. */
function colour(where: string): string {
  const file = where.replace(/:\d+$/, "");
  let hash = 0;
  for (let at = 0; at < file.length; at++) hash = Math.imul(hash, 31) + file.charCodeAt(at) | 0;
  return `hsl(${10 + (hash >>> 0) % 45} ${60 + (hash >>> 8) % 30}% ${62 + (hash >>> 16) % 14}%)`;
}

/**
 * Draws a call tree. The widest functions took most of the time; what they called stands below them.
 *
 * @param root the call tree
 * @param title what stands above
 * @returns the text of an HTML file
 */
export function flameGraph(root: Frame, title: string): string {
  const calls: string[] = [];
  let deepest = 0;
  const draw = (frame: Frame, depth: number, from: number) => {
    const share = root.total === 0 ? 1 : frame.total / root.total;
    if (share < SMALLEST_SHARE) return;
    deepest = Math.max(deepest, depth);
    calls.push(drawCall(frame, { x: from, width: share, y: depth * ROW, self: frame.self / (root.total || 1) }));
    for (const child of frame.children) {
      draw(child, depth + 1, from);
      from += child.total / root.total;
    }
  };
  draw(root, 0, 0);
  const heading = escape(title);
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${heading}</title><style>${PAGE_STYLE}</style></head>
<body><h1>${heading}</h1><p>${
    Math.round(root.total / 1000)
  } ms of processor time. Click a function to see it closer.</p>
<svg xmlns="http://www.w3.org/2000/svg" height="${(deepest + 1) * ROW}">
${calls.join("\n")}
</svg><script>${PAGE_SCRIPT}</script></body></html>
`;
}

function drawCall({ name, where }: Frame, box: { x: number; width: number; y: number; self: number }): string {
  const percent = (share: number) => `${(share * 100).toFixed(3)}%`, label = escape(name);
  const tip = `${label} ${escape(where)}\n${percent(box.width)} in all, ${percent(box.self)} in the function itself`;
  return `<g class="call" data-x="${box.x}" data-w="${box.width}" data-name="${label}"><title>${tip}</title>` +
    `<rect x="${percent(box.x)}" width="${percent(box.width)}" y="${box.y}" height="${ROW - 1}" fill="${
      colour(where)
    }"/>` +
    `<text x="${percent(box.x)}" y="${box.y + ROW - 6}" dx="3"></text></g>`;
}
