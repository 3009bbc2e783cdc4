// Routes and connections, row by row.
const nothing = { routes: () => "No routes: nothing in the manifests leads through this process.", connections: () => "No connection is open." };
const ends = (route) => route.endpoints.map((end) =>
  `${end.address}${["up", "unknown", null].includes(end.state) ? "" : ` (${word(end.state)}${end.reason ? `: ${end.reason}` : ""})`}`);
/// What no identities at all are: whom it calls need only be of the trust domain, who calls must be let in.
const ANYONE = { __proto__: null, outbound: "anyone of the trust domain", inbound: "nobody" };
const some = (count) => count ? bytes(count) : "";
const stateCell = {
  bare: true, tight: true, make: (cell) => cell.appendChild(el("span", { class: "state" })),
  fill: (cell, row) => sayState(cell.parts, row.state),
};

const routesTable = table(byId("routes-table"), {
  caption: "Routes of this process, the broken ones first", look: "routes", key: routeKey, none: nothing.routes, kind: (route) => kind(route.state),
  text: (route) => [route.name, route.sni, route.direction, route.state, route.reason, ...ends(route), ...route.identities ?? []].join(" "),
  columns: [
    { label: "State", width: "106px", ...stateCell, sort: (route) => rank(route.state) },
    { label: "Route", wide: true, sort: (route) => route.name,
      make(cell, view, draw) {
        const button = el("button", { type: "button", class: "open", "aria-expanded": "false" });
        button.addEventListener("click", () => {
          const key = routeKey(cell.parentNode.of);
          if (!view.open.delete(key)) view.open.add(key);
          draw();
        });
        const reason = el("span", { class: "second" });
        cell.append(button, reason);
        return [button, reason];
      },
      fill(cell, route, view) {
        const [button, reason] = cell.parts;
        sayName(button, plainName(route.name));
        mark(button, "aria-expanded", view.open.has(routeKey(route)));
        say(reason, route.reason ?? "");
        mark(reason, "class", `second reason ${kind(route.state)}`);
        show(reason, Boolean(route.reason));
      } },
    { label: "Far end", width: "21%", wide: true, make: lines.make, fill: (cell, route) => {
      const all = ends(route);
      lines.fill(cell, all[0] ?? "–", all.length > 2 ? `${all[1]} and ${all.length - 2} more` : all[1] ?? "");
    } },
    { label: "Open", width: "62px", number: true, sort: (route) => route.open, fill: (cell, route) => say(cell, count(route.open)) },
    { label: "→ upstream", width: "98px", number: true, sort: (route) => route.up, make: lines.make,
      fill: (cell, route) => lines.fill(cell, rate(route.up), some(route.bytes_to_upstream)) },
    { label: "← to peer", width: "100px", number: true, sort: (route) => route.down, make: lines.make,
      fill: (cell, route) => lines.fill(cell, rate(route.down), some(route.bytes_to_peer)) },
  ],
  details: (route) => [
    ["why", (route.explain ?? []).join("\n")], ["direction", route.direction], ["server name (SNI)", route.sni], ["listens on", (route.listens ?? []).join("\n")],
    ["far end", route.endpoints.map((end) => [end.address, word(end.state), end.locality, end.reason].filter(Boolean).join(" · ")).join("\n")],
    [route.direction === "inbound" ? "who may call" : "who may be there", (route.identities ?? []).join("\n") || (ANYONE[route.direction] ?? null)], ["from", route.origin],
    ["opened since start", known(route.opened) ? `${count(route.opened)}${route.failed ? `, of which ${count(route.failed)} came to nothing` : ""}` : null],
    ["the last one", route.last ? [route.last.outcome, route.last.code, clock(route.last.at)].filter(Boolean).join(" · ") : null],
  ].filter(([, text]) => text),
});

const connectionsTable = table(byId("connections-table"), {
  caption: "Open connections, the newest first", look: "two", key: connectionKey, none: nothing.connections,
  text: (row) => [row.route, row.identity, row.peer, row.upstream, row.connection_id, row.state, row.direction].join(" "),
  columns: [
    { label: "Route", wide: true, sort: (row) => row.route, make: lines.make,
      fill(cell, row) {
        sayName(cell.parts[0], row.route ? plainName(row.route) : "not known yet");
        say(cell.parts[1], row.identity ?? `${row.direction}, no identity seen`);
      } },
    { label: "From, to", width: "20%", wide: true, sort: (row) => row.peer, make: lines.make,
      fill: (cell, row) => lines.fill(cell, row.peer, `→ ${row.upstream ?? "not dialled yet"}`) },
    { label: "State, id", width: "144px", sort: (row) => row.state, make: lines.make, fill: (cell, row) => lines.fill(cell, word(row.state), row.connection_id ?? "") },
    { label: "Age", width: "76px", number: true, sort: (row) => row.age_seconds, fill: (cell, row) => say(cell, span(Math.floor(row.age_seconds))) },
    { label: "→ upstream", width: "98px", number: true, sort: (row) => row.up, make: lines.make, fill: (cell, row) => lines.fill(cell, rate(row.up), some(row.bytes_to_upstream)) },
    { label: "← to peer", width: "100px", number: true, sort: (row) => row.down, make: lines.make, fill: (cell, row) => lines.fill(cell, rate(row.down), some(row.bytes_to_peer)) },
  ],
});

const worstFirst = (a, b) => rank(a.state) - rank(b.state) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

function drawTables(status) {
  const { routes, connections } = status;
  const total = status.routes_total ?? routes.length;
  say(byId("routes-count"), total > routes.length ? `${count(routes.length)} of ${count(total)}, the worst` : count(total));
  say(byId("connections-count"), connections.open > connections.rows.length ? `${count(connections.open)}, the newest ${count(connections.rows.length)} below` : count(connections.open));
  const states = ["down", "degraded", "up", "unknown"].map((state) => [state, routes.filter((route) => route.state === state).length]);
  keyed(byId("routes-state"), [["", routes.length], ...states], ([state]) => state, ([state]) => el("option", { value: state }),
    (option, [state, n]) => say(option, `${state || "all"} (${count(n)})`));
  routesTable.set([...routes].sort(worstFirst));
  connectionsTable.set([...connections.rows].sort((a, b) => b.id - a.id));
}
byId("routes-state").addEventListener("change", (event) => {
  const state = event.target.value;
  routesTable.keep(state ? (route) => route.state === state : () => true);
});
byId("routes-find").addEventListener("input", (event) => routesTable.find(event.target.value));
byId("connections-find").addEventListener("input", (event) => connectionsTable.find(event.target.value));
