// A table of many rows: found by words, sorted by a column, the first so many of them.
const PAGE = 50;

/// `columns`: {label, width, number, wide, sort(row), make(cell), fill(cell, row)}.
function table(place, options) {
  const { caption, columns, key, text, none } = options;
  const view = { rows: [], order: null, down: false, words: "", filter: () => true, all: false, open: new Set() };
  const heads = columns.map((column) => {
    const head = el("th", { scope: "col", role: "columnheader", class: column.number ? "number" : null });
    head.style.width = column.width;
    if (!column.sort) return fill(head, null, [el("span", null, column.label)]);
    const button = el("button", { type: "button" }, column.label);
    button.addEventListener("click", () => {
      if (view.order === column && view.down !== Boolean(column.number)) view.order = null;
      else if (view.order === column) view.down = !view.down;
      else [view.order, view.down] = [column, Boolean(column.number)];
      draw();
    });
    return fill(head, null, [button]);
  });
  const body = el("tbody", { role: "rowgroup" });
  const whole = el("table", { role: "table", class: options.look }, el("caption", { class: "hidden" }, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads)), body);
  const empty = el("p", { class: "empty" });
  const shown = el("span");
  const more = el("button", { type: "button" });
  const foot = el("div", { class: "foot" }, shown, more);
  more.addEventListener("click", () => {
    view.all = !view.all;
    draw();
  });
  place.append(whole, empty, foot);

  function make() {
    const cells = columns.map((column) => {
      const classes = [column.number ? "number" : "", column.wide ? "wide" : "", column.tight ? "tight" : ""].join(" ").trim();
      const cell = el("td", { role: "cell", class: classes || null, "data-label": column.wide || column.bare ? null : column.label });
      cell.parts = column.make?.(cell, view, draw);
      return cell;
    });
    return el("tr", { class: "row", role: "row" }, ...cells);
  }
  function update(node, row) {
    node.of = row;
    mark(node, "class", `row ${options.kind?.(row) ?? ""}`.trim());
    columns.forEach((column, at) => column.fill(node.children[at], row, view));
  }
  function draw() {
    const words = view.words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = view.rows.filter((row) => view.filter(row) && words.every((one) => text(row).toLowerCase().includes(one)));
    if (view.order) {
      const { sort } = view.order;
      const way = view.down ? -1 : 1;
      found.sort((a, b) => {
        const [x, y] = [sort(a), sort(b)];
        if (!known(x) || !known(y)) return known(y) - known(x);
        return x < y ? -way : x > y ? way : 0;
      });
    }
    columns.forEach((column, at) => mark(heads[at], "aria-sort",
      column.sort ? view.order === column ? view.down ? "descending" : "ascending" : "none" : null));
    const some = view.all ? found : found.slice(0, PAGE);
    const items = some.flatMap((row) => view.open.has(key(row)) ? [{ row }, { row, details: true }] : [{ row }]);
    keyed(body, items, (item) => (item.details ? "+" : " ") + key(item.row),
      (item) => item.details
        ? el("tr", { class: "more", role: "row" }, el("td", { role: "cell", colspan: columns.length }, el("dl")))
        : make(),
      (node, item) => item.details ? describe(node.querySelector("dl"), options.details(item.row)) : update(node, item.row));
    show(whole, found.length > 0);
    show(empty, found.length === 0);
    say(empty, view.rows.length ? "None of them is like that." : none());
    show(foot, found.length > PAGE);
    say(shown, `${count(some.length)} of ${count(found.length)} shown`);
    say(more, view.all ? `Show the first ${PAGE}` : "Show all");
  }
  return {
    set(rows) { view.rows = rows; draw(); },
    find(words) { view.words = words; draw(); },
    keep(filter) { view.filter = filter; draw(); },
  };
}

/// A cell with a line, and a second one below it that may be empty.
const lines = {
  make(cell) {
    const parts = [el("span"), el("span", { class: "second" })];
    cell.append(...parts);
    return parts;
  },
  fill(cell, first, second) {
    say(cell.parts[0], first);
    say(cell.parts[1], second);
    show(cell.parts[1], second !== "");
  },
};
