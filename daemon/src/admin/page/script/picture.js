// The picture of the paths: columns of boxes, and lines between them; upright where there is no room.
const BOX = { gap: 10, top: 24, narrow: 560, indent: 18, line: 15, pad: 10 };
const ruler = document.createElement("canvas").getContext("2d");
const heightOf = (node) => node.flow ? 56 : 41;
const total = (nodes) => nodes.reduce((sum, node) => sum + heightOf(node) + BOX.gap, 0);

/// Draws `graph` ({title, columns: [{title, nodes: [{id, label, sub, flow, state, self}]}], edges: [{id, from, to,
/// state, up, down}]}) as wide as `place` is.
function picture(place, graph) {
  const width = Math.max(240, place.clientWidth);
  const upright = width < BOX.narrow;
  const laid = upright ? stacked(graph, width) : columned(graph, width);
  const drawing = place.drawing ??= {
    root: place.appendChild(svg("svg", { role: "img" })), titles: svg("g"), edges: svg("g"), nodes: svg("g"),
  };
  const { root, titles, edges, nodes } = drawing;
  if (!root.firstChild) root.append(titles, edges, nodes);
  mark(root, "viewBox", `0 0 ${width} ${laid.height}`);
  mark(root, "height", laid.height);
  mark(root, "aria-label", graph.title);
  keyed(titles, laid.titles, (title) => title.text, () => svg("text", { class: "column" }), (node, title) => {
    say(node, title.text);
    mark(node, "x", title.x);
    mark(node, "y", title.y);
  });
  keyed(edges, graph.edges, (edge) => edge.id,
    () => svg("g", null, svg("path", { class: "edge" }), svg("path", { class: "drops" })),
    (node, edge) => drawEdge(node, edge, laid.boxes, upright));
  const boxes = graph.columns.flatMap((column) => column.nodes);
  keyed(nodes, boxes, (node) => node.id,
    () => svg("g", null, svg("title"), svg("rect", { class: "box", rx: 6 }), svg("text", { class: "name" }), svg("text", { class: "sub" }), svg("text", { class: "flow" })),
    (group, node) => drawBox(group, node, laid.boxes.get(node.id)));
}

function columned(graph, width) {
  const { columns } = graph;
  const gap = Math.min(96, Math.max(40, width / 14));
  // Names of pods are the longest.
  const shares = columns.map((column, at) => at === columns.length - 1 ? 1.3 : 1);
  const share = (width - 2 - gap * (columns.length - 1)) / shares.reduce((a, b) => a + b, 0);
  const tallest = Math.max(...columns.map((column) => total(column.nodes)));
  const boxes = new Map();
  const titles = [];
  let x = 1;
  columns.forEach((column, at) => {
    const w = shares[at] * share;
    titles.push({ text: column.title, x, y: 11 });
    // Evenly over the height of the tallest, so that lines fan out.
    const spare = (tallest - total(column.nodes)) / column.nodes.length;
    let y = BOX.top + spare / 2;
    for (const node of column.nodes) {
      const h = heightOf(node);
      boxes.set(node.id, { x, y, w, h });
      y += h + BOX.gap + spare;
    }
    x += w + gap;
  });
  return { boxes, titles, height: BOX.top + tallest - BOX.gap + 2 };
}

function stacked(graph, width) {
  const boxes = new Map();
  const titles = [];
  let y = 0;
  graph.columns.forEach((column, at) => {
    const x = 1 + at * BOX.indent;
    titles.push({ text: column.title, x: x + 6, y: y + 13 });
    y += 19;
    for (const node of column.nodes) {
      const h = heightOf(node);
      boxes.set(node.id, { x, y, w: width - x - 1, h });
      y += h + 6;
    }
    y += 4;
  });
  return { boxes, titles, height: y };
}

function line(from, to, upright) {
  if (upright) {
    const x = from.x + 9;
    const y = to.y + to.h / 2;
    return `M${x} ${from.y + from.h}V${y - 6}q0 6 6 6H${to.x}`;
  }
  const [x1, y1, x2, y2] = [from.x + from.w, from.y + from.h / 2, to.x, to.y + to.h / 2];
  const bend = (x2 - x1) * .55;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function drawEdge(node, edge, boxes, upright) {
  const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)];
  const d = from && to ? line(from, to, upright) : "";
  const [plain, drops] = node.children;
  const look = kind(edge.state);
  const moving = both(edge) > 0 && look !== "bad";
  mark(plain, "d", d);
  mark(plain, "class", `edge ${look === "bad" || look === "warn" ? look : moving ? "moving" : "ok"}`);
  // A byte a second is thin, a gigabyte is thick.
  mark(plain, "stroke-width", moving ? (1.5 + Math.min(4, Math.log10(1 + both(edge)) * .45)).toFixed(1) : 1.5);
  // They go where most of the bytes go.
  mark(drops, "d", moving ? d : "");
  mark(drops, "class", edge.down > edge.up ? "drops back" : "drops");
}

function drawBox(group, node, { x, y, w, h }) {
  const [title, box, ...texts] = group.children;
  mark(group, "class", `${node.self ? "self" : ""} ${kind(node.state)}`.trim());
  say(title, node.title ?? node.label);
  for (const [name, value] of Object.entries({ x, y, width: w, height: h })) mark(box, name, value.toFixed(1));
  const sign = { bad: "✕ ", warn: "▲ ", ok: node.self ? "" : "✓ " }[kind(node.state)] ?? "";
  [node.label, sign + node.sub, node.flow ?? ""].forEach((said, at) => {
    const text = texts[at];
    if (text.said !== said || text.room !== w) {
      [text.said, text.room] = [said, w];
      text.textContent = fit(said, at ? 11 : 12, at ? 400 : 600, w - 2 * BOX.pad);
    }
    mark(text, "x", (x + BOX.pad).toFixed(1));
    mark(text, "y", (y + 17 + at * BOX.line).toFixed(1));
  });
}

/// As much of a text as there is room for: its beginning and its end.
function fit(text, size, weight, room) {
  ruler.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
  let most = Math.min(text.length, 200);
  while (most > 4 && ruler.measureText(cut(text, most)).width > room) most -= 1;
  return cut(text, most);
}
