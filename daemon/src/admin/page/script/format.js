"use strict";
// States of routes, endpoints, certificates and the process: how bad, and what they look like.
const KINDS = {
  __proto__: null,
  down: "bad", unready: "bad", expired: "bad", missing: "bad", failed: "bad", ejected: "bad",
  degraded: "warn", draining: "warn", starting: "warn", expiring: "warn", "not-yet-valid": "bad", unresolved: "warn",
  silent: "bad", loops: "bad", answers: "ok",
  up: "ok", ready: "ok", valid: "ok", ok: "ok",
};
const WORDS = { __proto__: null, unready: "not ready", "not-yet-valid": "not yet valid", "half-closed": "half closed" };
const kind = (state) => KINDS[state] ?? "none";
const word = (state) => WORDS[state] ?? String(state ?? "unknown");
const RANK = { bad: 0, warn: 1, ok: 2, none: 3 };
const rank = (state) => RANK[kind(state)];

const known = (value) => value !== null && value !== undefined;
const whole = new Intl.NumberFormat("en");
const count = (value) => known(value) ? whole.format(value) : "–";
const plural = (n, one, many = one + "s") => `${count(n)} ${n === 1 ? one : many}`;

function bytes(value) {
  if (!known(value)) return "–";
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 99.5 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
const rate = (value) => known(value) ? `${bytes(value)}/s` : "–";

function span(seconds) {
  if (!known(seconds)) return "–";
  const s = Math.abs(seconds);
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.floor(s)} s`;
  const [unit, size, small, part] =
    s < 3600 ? ["min", 60, "s", 1] : s < 86400 ? ["h", 3600, "min", 60] : ["d", 86400, "h", 3600];
  const rest = Math.floor((s % size) / part);
  return rest && s < size * 100 ? `${Math.floor(s / size)} ${unit} ${rest} ${small}` : `${count(Math.floor(s / size))} ${unit}`;
}

/// A time as the server wrote it, to the second.
const clock = (at) => known(at) ? String(at).replace("T", " ").replace(/\.\d+/, "").replace("Z", " UTC") : "–";

/// Host and port that a server name of Istio's form means: outbound_.3306_._.db-0.db.pxc.svc.cluster.local
function plainName(name) {
  const parts = /^outbound_\.(\d+)_\.[^.]*_\.(.+)$/.exec(name);
  return parts ? `${parts[2]}:${parts[1]}` : String(name);
}
/// Without the cluster's domain.
const shortName = (name) => plainName(name).replace(/\.svc\.[^:]+/, "");
/// What tells one from another first, then the tail that all have.
function twoParts(name) {
  const at = name.indexOf(".svc.");
  return at > 0 ? [name.slice(0, at), name.slice(at)] : [name, ""];
}
/// Namespace and account of a SPIFFE ID.
function account(identity) {
  const parts = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity);
  return parts ? `${parts[1]}/${parts[2]}` : String(identity);
}
const cut = (text, most) => text.length <= most ? text : text.slice(0, Math.max(1, Math.ceil(most * .6) - 1)) + "…" + text.slice(text.length - Math.max(1, Math.floor(most * .4)));
