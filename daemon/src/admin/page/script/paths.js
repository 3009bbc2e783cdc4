// What the picture shows: who calls, this process, the gateways, the pods.
const MOST = 8;
const ENDS = {
  __proto__: null,
  outbound: { title: "Outbound", from: "Apps", far: "Pods" },
  passthrough: { title: "Passed on, unopened", from: "Callers", far: "Pods" },
  inbound: { title: "Inbound", from: "Callers", far: "Apps" },
};
const worst = (states) => states.reduce((a, b) => rank(b) < rank(a) ? b : a, states[0] ?? "unknown");
const add = (a, b) => known(a) || known(b) ? (a ?? 0) + (b ?? 0) : null;
const sum = (all) => all.reduce((to, one) => ({ up: add(to.up, one.up), down: add(to.down, one.down) }), { up: null, down: null });

/// Those that are broken, then the busiest, and how many more there are.
function foremost(all, most) {
  const sorted = [...all].sort((a, b) => Math.min(2, rank(a.state)) - Math.min(2, rank(b.state)) || (both(b) ?? -1) - (both(a) ?? -1)
    || (b.open ?? 0) - (a.open ?? 0));
  return sorted.length <= most ? [sorted, []] : [sorted.slice(0, most - 1), sorted.slice(most - 1)];
}
const flow = (of) => both(of) > 0 ? `→ ${rate(of.up)}  ← ${rate(of.down)}` : "";

/// Groups of connections by who calls: identity, or address where nobody has proved who they are.
function callers(direction, rows) {
  const groups = new Map();
  for (const row of rows) {
    const name = direction === "outbound" ? "apps beside it" : row.identity && direction === "inbound" ? row.identity : String(row.peer).replace(/:\d+$/, "");
    groups.set(name, [...groups.get(name) ?? [], row]);
  }
  return [...groups].map(([name, of]) => ({ name, open: of.length, ...sum(of), routes: new Set(of.map((row) => row.route)) }));
}

/// What goes over a gateway: the counts of its routes where they have no other one, otherwise those of the
/// connections that are told, which may be a part. They tell addresses: what goes by a name is not known then.
function over(address, routes, rows) {
  const its = routes.filter((route) => route.endpoints.some((end) => end.address === address));
  if (its.every((route) => route.endpoints.every((end) => end.address === address))) {
    return { open: its.reduce((n, route) => add(n, route.open), null), of: sum(its), part: false };
  }
  if (!/^[\d.]+:\d+$|^\[/.test(address)) return { open: null, of: sum([]), part: false };
  const seen = rows.filter((row) => row.upstream === address);
  return { open: seen.length, of: sum(seen), part: true };
}

function graphOf(direction, status) {
  const words = ENDS[direction];
  const routes = status.routes.filter((route) => route.direction === direction);
  const rows = status.connections.rows.filter((row) => row.direction === direction);
  const newest = status.connections.open > status.connections.rows.length ? `of newest ${count(status.connections.rows.length)}` : "";
  const [near, others] = foremost(routes, MOST);
  const [who, crowd] = foremost(callers(direction, rows), 5);
  const edges = [];
  const edge = (from, to, of) => edges.push({ id: `${from} ${to}`, from, to, ...of });
  const left = who.map((one) => ({ id: `who ${one.name}`, label: account(one.name), title: one.name, sub: plural(one.open, "connection"), flow: flow(one), of: one }));
  if (crowd.length) left.push({ id: "crowd", label: plural(crowd.length, "more caller"), sub: plural(crowd.reduce((n, one) => n + one.open, 0), "connection"), flow: flow(sum(crowd)), of: sum(crowd) });
  if (!left.length) left.push({ id: "nobody", label: words.from.toLowerCase(), sub: "nobody connected", of: {} });
  for (const node of left) edge(node.id, "self", node.of);

  const whole = sum(routes);
  const self = { id: "self", self: true, label: status.program.name ?? "this process", sub: word(status.state), flow: flow(whole), state: status.state };
  const gateways = new Map();
  const right = near.map((route) => ({
    id: routeKey(route), label: shortName(route.sni ?? route.name), title: route.name, state: route.state, route,
    sub: `${word(route.state)}${known(route.open) ? ` · ${route.open} open` : ""}`, flow: flow(route),
  }));
  if (others.length) {
    const state = worst(others.map((route) => route.state));
    const broken = others.filter((route) => rank(route.state) < 2).length;
    right.push({ id: "others", label: plural(others.length, "more route"), state, sub: broken ? `${broken} not well` : word(state), flow: flow(sum(others)) });
  }
  if (direction === "outbound") {
    for (const end of routes.flatMap((route) => route.endpoints)) {
      const seen = gateways.get(end.address) ?? { id: `gateway ${end.address}`, address: end.address, states: [] };
      seen.states.push(end.state);
      gateways.set(end.address, seen);
    }
  }
  const through = [...gateways.values()].slice(0, MOST).map((gateway) => {
    const state = worst(gateway.states);
    const { open, of, part } = over(gateway.address, routes, rows);
    return { ...gateway, state, label: gateway.address, sub: word(state) + (known(open) ? ` · ${count(open)} ${part && newest || "open"}` : ""), flow: part && newest ? "" : flow(of), of };
  });
  for (const gateway of through) edge("self", gateway.id, { state: gateway.state, ...gateway.of });
  for (const node of right) {
    const of = node.route ?? sum(others);
    const ways = through.filter((gateway) => node.route ? node.route.endpoints.some((end) => end.address === gateway.address) : true);
    const used = ways.filter((gateway) => rows.some((row) => row.upstream === gateway.address && row.route === node.route?.name));
    // Bytes are drawn on the way that they take; where there is only one, or it can be seen.
    for (const way of ways) edge(way.id, node.id, { state: node.state, ...(ways.length === 1 || used.includes(way) ? { up: of.up, down: of.down } : {}) });
    if (!ways.length) edge("self", node.id, { state: node.state, up: of.up, down: of.down });
  }
  const columns = [{ title: words.from, nodes: left }, { title: "This process", nodes: [self] }];
  if (through.length) columns.push({ title: "Gateways", nodes: through });
  if (right.length) columns.push({ title: words.far, nodes: right });
  const bad = routes.filter((route) => kind(route.state) === "bad").length;
  const title = `${words.title}: ${[plural(rows.length, "connection"), newest].filter(Boolean).join(" ")} from ${plural(who.length + crowd.length, "caller")} by ${plural(routes.length, "route")}, ${bad} of them down. The tables below say the same.`;
  return { direction, name: words.title, title, columns, edges };
}

/// A resolver's: who asks, what it answers itself, and whom it asks.
function graphOfNames(status) {
  const { aliases, down, name_servers: servers } = status.names;
  const [some, more] = [down.slice(0, MOST), down.length - MOST];
  const right = [
    { id: "aliases", label: plural(aliases, "alias", "aliases"), sub: "answered", state: aliases ? "up" : "unknown" },
    ...some.map((one) => ({ id: `down ${one.alias}`, label: shortName(one.alias), title: one.alias, sub: one.reason, state: "down" })),
    ...more > 0 ? [{ id: "down", label: plural(more, "more alias", "more aliases"), sub: "not answered", state: "down" }] : [],
    ...servers.slice(0, MOST).map((one) => ({ id: `server ${one.address}`, label: one.address, sub: `other names: ${one.state}`, state: one.state })),
  ];
  const edges = [{ id: "asks", from: "apps", to: "self" }, ...right.map((node) => ({ id: node.id, from: "self", to: node.id, state: node.state }))];
  const self = { id: "self", self: true, label: status.program.name ?? "this process", sub: word(status.state), state: status.state };
  return { title: `Names: ${right[0].label} answered, ${down.length} not, ${plural(servers.length, "name server")} for all others.`, edges,
    columns: [{ title: "Apps", nodes: [{ id: "apps", label: "apps", sub: "ask for names" }] }, { title: "This process", nodes: [self] }, { title: "Names", nodes: right }] };
}

function drawPaths(status) {
  const used = [...Object.keys(ENDS), "names"].filter((direction) => direction === "names" ? status.names && !status.routes.length :
    status.routes.some((route) => route.direction === direction) || status.connections.rows.some((row) => row.direction === direction));
  const { open, rows } = status.connections;
  say(byId("legend"), open > rows.length ? `who calls, by the newest ${count(rows.length)} of ${count(open)} connections` : "");
  const place = byId("pictures");
  keyed(place, used.length ? used : [""], (direction) => direction,
    (direction) => direction ? el("figure", null, el("figcaption", { class: "hidden" }, ENDS[direction]?.title ?? "Names"), el("div")) : el("p", { class: "muted" }),
    (node, direction) => direction ? picture(node.lastChild, direction === "names" ? graphOfNames(status) : graphOf(direction, status)) : say(node, "Nothing passes through this process: no routes, no connections."));
}
