// The process itself: figures, what blocks it, certificates, listeners, the last reload.
function sparkline(node, at) {
  const most = Math.max(1, ...rates.history.map((past) => past.rates[at] ?? 0));
  let d = "";
  let joined = false;
  for (const past of rates.history) {
    const value = past.rates[at];
    if (known(value)) d += `${joined ? "L" : "M"}${(84 - (rates.uptime - past.uptime) / HISTORY * 84).toFixed(1)} ${(25 - value / most * 24).toFixed(1)}`;
    joined = known(value);
  }
  mark(node.firstChild, "d", d);
}

function drawFigures(status) {
  const { routes, connections, totals, certificates, reload } = status;
  const total = status.routes_total ?? routes.length;
  const [foremost, ...rest] = ["down", "degraded", "up", "unknown"].map((state) => [state, routes.filter((route) => route.state === state).length])
    .filter(([, n]) => n).map(([state, n]) => `${count(n)} ${state}`);
  const soonest = certificates.reduce((a, b) => !known(b.seconds_left) || (a && a.seconds_left <= b.seconds_left) ? a : b, null);
  const worstCertificate = worst(certificates.map((one) => one.state));
  const figures = [
    ["Routes", foremost ?? count(total), [...rest, total > routes.length ? `of ${count(total)}` : ""].filter(Boolean).join(", "), worst(routes.map((route) => route.state))],
    ["Open connections", count(connections.open), totals ? `${count(totals.opened)} opened, ${count(totals.closed)} closed` : ""],
    ["→ To upstream", rate(totals?.up), `${bytes(totals?.bytes_to_upstream)} in all`, null, 0],
    ["← To peers", rate(totals?.down), `${bytes(totals?.bytes_to_peer)} in all`, null, 1],
    ["Certificate", rank(worstCertificate) === 0 ? word(worstCertificate) : soonest ? span(soonest.seconds_left) : "–",
      soonest ? rank(worstCertificate) ? `until ${soonest.name} ends` : soonest.name : certificates.length ? "see below" : "none is used", worstCertificate],
    ["Last reload", reload.outcome === "none" ? "none yet" : word(reload.outcome), known(reload.at) ? `${span((Date.parse(status.now) - Date.parse(reload.at)) / 1000)} ago` : "since the start", reload.outcome],
  ];
  keyed(byId("figures"), figures, ([name]) => name,
    ([name, , , , spark]) => el("div", null, el("dt", null, name), el("dd", { class: "big" }), el("dd", { class: "second" }),
      known(spark) ? el("dd", { "aria-hidden": "true" }, svg("svg", { class: "spark", viewBox: "0 0 84 26", preserveAspectRatio: "none" }, svg("path"))) : null),
    (node, [, big, small, state, spark]) => {
      say(node.children[1], big);
      mark(node.children[1], "class", `big ${kind(state) === "bad" || kind(state) === "warn" ? kind(state) : ""}`.trim());
      say(node.children[2], small);
      if (known(spark)) sparkline(node.children[3].firstChild, spark);
    });
}

function drawCertificates(certificates) {
  keyed(byId("certificates-list"), certificates.length ? certificates : [null], (one) => one ? [one.name, one.file, one.subject, one.not_before, one.not_after].join(" ") : "",
    (one) => one
      ? el("li", null, el("div", { class: "line" }, el("strong"), el("span", { class: "state" })),
        el("div", { class: "days" }), el("meter", { min: 0, max: 1, low: .1, high: .25, optimum: 1 }),
        el("span", { class: "second reason" }), el("span", { class: "second" }), el("span", { class: "second mono" }))
      : el("li", { class: "muted" }, "This process uses none."),
    (node, one) => {
      if (!one) return;
      const [line, days, meter, reason, until, subject] = node.children;
      say(line.firstChild, one.name);
      sayState(line.lastChild, one.state);
      say(days, !known(one.seconds_left) ? "not known" : one.seconds_left < 0 ? `ended ${span(one.seconds_left)} ago` : `${span(one.seconds_left)} left`);
      const life = (Date.parse(one.not_after) - Date.parse(one.not_before)) / 1000;
      const part = known(one.seconds_left) && life > 0 ? Math.min(1, Math.max(0, one.seconds_left / life)) : null;
      show(meter, part !== null);
      mark(meter, "value", part ?? 0);
      mark(meter, "aria-label", `${one.name}: part of its life that is left`);
      say(reason, one.reason ?? "");
      mark(reason, "class", `second reason ${kind(one.state)}`);
      show(reason, Boolean(one.reason));
      say(until, known(one.not_after) ? `until ${clock(one.not_after)}` : "");
      say(subject, [one.subject, one.file].filter(Boolean).join("\n"));
    });
}

function drawProcess(status) {
  const { program, reload, listeners, names } = status;
  describe(byId("process-list"), [
    ["blocked by", (status.blocked ?? []).map((one) => `${one.name}: ${one.reason}`).join("\n") || "nothing"],
    ["last reload", reload.outcome === "none" ? "none since the start" : [[word(reload.outcome), reload.what].filter(Boolean).join(": "), known(reload.at) ? clock(reload.at) : null, reload.message].filter(Boolean).join("\n")],
    ["listens on", (listeners ?? []).map((one) => `${one.address} ${one.name}`).join("\n") || "nothing"],
    ["names", names ? [`${plural(names.aliases, "alias", "aliases")} answered`, ...names.down.map((one) => `${one.alias} is not: ${one.reason}`)].join("\n") : null],
    ["other names", names?.name_servers.map((one) => `${one.address} ${one.state}`).join("\n") || null],
    ["running for", span(status.uptime_seconds)],
    ["program", [program.name, program.version, `pid ${program.pid}`].filter(Boolean).join(" ")],
    ["its clock", clock(status.now)],
  ].filter(([, text]) => known(text)));
}

function drawHead(status) {
  const { program } = status;
  say(byId("program"), [program.name, program.host].filter(Boolean).join(" on "));
  say(byId("about"), [program.role, program.cluster ? `cluster ${program.cluster}` : null, program.version, `pid ${program.pid}`, `up ${span(status.uptime_seconds)}`].filter(Boolean).join(" · "));
  sayState(byId("state"), status.state);
}

/// What needs somebody's eye, above all else: what blocks it, a reload that failed, certificates.
function drawNotices(status) {
  const notices = (status.blocked ?? []).map((one) => ({ look: status.state === "starting" ? "warn" : "bad", what: "Not ready", text: `${one.name}: ${one.reason}` }));
  if (status.state === "draining") notices.push({ look: "warn", what: "Draining", text: "no new connections are taken; the process ends when the open ones have." });
  if (status.manifests?.errors_total) notices.push({ look: "bad", what: "Errors in the manifests", text: `${status.manifests.errors.join(" ")} What they are about is not served.` });
  if (status.reload.outcome === "failed") notices.push({ look: "bad", what: "Reload failed", text: `${status.reload.message ?? "the log says why"}. What was in force before still is.` });
  for (const one of status.certificates) {
    if (rank(one.state) < 2) notices.push({ look: kind(one.state), what: `Certificate ${word(one.state)}`, text: `${one.name}${one.reason ? `: ${one.reason}` : ""}` });
  }
  const list = byId("notices-list");
  keyed(list, notices, (one) => one.what + one.text, () => el("li", null, el("strong"), el("span")), (node, one) => {
    mark(node, "class", `notice ${one.look}`);
    say(node.firstChild, `${one.look === "bad" ? "✕" : "▲"} ${one.what}`);
    say(node.lastChild, ` – ${one.text}`);
  });
  show(list, notices.length > 0);
}
