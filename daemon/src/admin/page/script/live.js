// Asks, draws, and says how old what is shown is.
const EVERY = 2000;
const PATIENCE = 8000;
const MOST_WAIT = 20000;
const live = { asking: false, got: null, paused: false, problem: null, broken: null, timer: 0 };

async function read() {
  const reply = await fetch("status.json", { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE) });
  if (!reply.ok) throw new Error(`it answers ${reply.status}: ${(await reply.text()).slice(0, 200)}`);
  return reply.text();
}

/// What it says, with all that is drawn; what it leaves out is empty.
function understood(text) {
  const status = JSON.parse(text);
  if (status.schema !== 1) throw new Error(`its status has schema ${status.schema}, and this page reads 1: load it anew`);
  const rows = status.connections?.rows ?? [];
  return { certificates: [], reload: { outcome: "none" }, program: {}, ...status,
    routes: (status.routes ?? []).map((route) => ({ ...route, endpoints: route.endpoints ?? [] })),
    connections: { open: rows.length, ...status.connections, rows } };
}

/// Why there is no answer.
function silenceOf(error) {
  return error.name === "TimeoutError" ? `no answer within ${PATIENCE / 1000} s` : error instanceof TypeError ? "it cannot be reached" : error.message;
}

async function ask() {
  if (live.asking) return;
  live.asking = true;
  clearTimeout(live.timer);
  const begun = performance.now();
  let text = null;
  try {
    text = await read();
  } catch (error) {
    live.problem = { short: "no answer", what: "No answer from this process", why: silenceOf(error) };
  }
  // A fault of this page is not one of the process.
  if (text !== null) try {
    const status = understood(text);
    rateAll(status);
    draw(status);
    live.status = status;
    live.got = performance.now();
    live.problem = null;
  } catch (error) {
    live.problem = { short: "not drawn", what: "This page cannot draw what the process says", why: error.message };
  }
  live.asking = false;
  tick();
  // A slow way, or a large answer, is asked less often; one that nobody looks at for its title only.
  const took = performance.now() - begun;
  if (!live.paused) live.timer = setTimeout(ask, Math.max(document.hidden ? 5 * EVERY : EVERY, Math.min(MOST_WAIT, 5 * took)));
}

function draw(status) {
  drawHead(status);
  drawNotices(status);
  drawFigures(status);
  drawPaths(status);
  drawTables(status);
  drawCertificates(status.certificates);
  drawProcess(status);
  tell(status);
}

/// For who listens instead of looking: only what has changed for the worse or the better.
function tell(status) {
  const broken = status.routes.filter((route) => rank(route.state) < 2).map((route) => `${shortName(route.name)} is ${word(route.state)}`);
  const now = [word(status.state), ...broken.slice(0, 3), broken.length > 3 ? `${broken.length - 3} more routes are not well` : ""].filter(Boolean).join("; ");
  if (live.broken !== null && live.broken !== now) say(byId("news"), broken.length ? now : `${word(status.state)}; no route is broken`);
  live.broken = now;
  const down = status.routes.filter((route) => kind(route.state) === "bad").length;
  live.title = `${down ? `✕ ${down} down` : kind(status.state) === "ok" ? "✓" : word(status.state)} ${status.program.name} ${status.program.host ?? ""}`.trim();
}

function tick() {
  const age = live.got === null ? null : (performance.now() - live.got) / 1000;
  const { problem } = live;
  document.body.classList.toggle("stale", problem !== null);
  document.body.classList.toggle("paused", live.paused);
  const silence = byId("silence");
  if (problem) {
    const first = `${problem.what}: ${problem.why}.`;
    say(silence, known(age) ? `${first} What is shown is ${problem.short === "no answer" ? "" : "in part "}what it last said, at ${clock(live.status.now)}.` : first);
  }
  show(silence, problem !== null);
  const old = known(age) ? `${span(Math.floor(age)).replace(".0", "")} old` : "no data yet";
  say(byId("age"), live.paused ? `paused, ${old}` : problem ? `${problem.short}, ${old}` : age < 3.5 ? "live" : old);
  document.title = problem ? `${problem.short === "no answer" ? "No answer" : "Not drawn"} – ${live.title ?? "eastwest"}` : live.title ?? "eastwest";
}

byId("pause").addEventListener("click", () => {
  live.paused = !live.paused;
  mark(byId("pause"), "aria-pressed", live.paused);
  if (live.paused) clearTimeout(live.timer);
  else ask();
  tick();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !live.paused) ask();
});
new ResizeObserver(() => {
  if (live.status) drawPaths(live.status);
}).observe(byId("pictures"));
setInterval(tick, 1000);
ask();
