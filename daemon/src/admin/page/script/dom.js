// Whatever comes from the server goes into text and plain attributes, never into markup.
const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (known(value) && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter(known));
  return node;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/// Only what has changed is touched: a selection in the page stays.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
function mark(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}
function sayState(node, state) {
  say(node, word(state));
  mark(node, "class", `state ${kind(state)}`);
}
function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}
/// A name whose tail is the same for all.
function sayName(node, name) {
  if (node.textContent === name) return;
  const [head, tail] = twoParts(name);
  node.replaceChildren(el("span", { class: "head" }, head), el("span", { class: "head tail" }, tail));
}

/// Has `parent` hold one node for each item, in this order; a node stays as long as its key does, and
/// the keyboard's focus with it. Those of one key are told apart by their order: none is left out.
function keyed(parent, items, key, create, update) {
  const kept = parent.kept ?? new Map();
  const next = new Map();
  const focus = document.activeElement;
  items.forEach((item, at) => {
    const name = key(item);
    let id = name;
    for (let again = 2; next.has(id); again += 1) id = `${name} (${again})`;
    const node = kept.get(id) ?? create(item);
    update(node, item);
    next.set(id, node);
    kept.delete(id);
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
  });
  for (const node of kept.values()) node.remove();
  parent.kept = next;
  if (focus !== document.activeElement && parent.contains(focus)) focus.focus({ preventScroll: true });
}

/// A list of words and what they mean; `pairs` are [word, text or node].
function describe(list, pairs) {
  keyed(list, pairs.flatMap(([term, text]) => [{ tag: "dt", id: `t${term}`, text: term }, { tag: "dd", id: `d${term}`, text }]),
    (item) => item.id, (item) => el(item.tag),
    (node, item) => say(node, item.text));
}
