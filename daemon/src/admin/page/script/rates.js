// Rates, worked out from two readings of the counts.
const HISTORY = 90;
const rates = { process: null, uptime: 0, counts: new Map(), history: [] };

const routeKey = (route) => `route ${route.direction} ${route.name}`;
const connectionKey = (row) => `connection ${row.id}`;

/// Puts `up` and `down`, bytes a second or null, beside the counts of a reading. A process that has begun
/// anew counts from nought.
function rateAll(status) {
  const process = `${status.program?.pid} ${status.program?.host}`;
  const uptime = status.uptime_seconds ?? 0;
  if (process !== rates.process || uptime < rates.uptime) {
    Object.assign(rates, { process, counts: new Map(), history: [] });
  }
  const seconds = uptime - rates.uptime;
  const next = new Map();
  const put = (key, of) => {
    if (!of) return;
    const now = [of.bytes_to_upstream, of.bytes_to_peer];
    const before = rates.counts.get(key);
    const [up, down] = now.map((value, at) =>
      known(value) && known(before?.[at]) && seconds > 0 && value >= before[at] ? (value - before[at]) / seconds : null);
    Object.assign(of, { up, down });
    next.set(key, now);
  };
  put("totals", status.totals);
  for (const route of status.routes ?? []) put(routeKey(route), route);
  for (const row of status.connections?.rows ?? []) put(connectionKey(row), row);
  Object.assign(rates, { uptime, counts: next });
  if (known(status.totals?.up)) {
    rates.history.push([status.totals.up, status.totals.down]);
    rates.history.splice(0, rates.history.length - HISTORY);
  }
}
const both = (of) => known(of.up) || known(of.down) ? (of.up ?? 0) + (of.down ?? 0) : null;
