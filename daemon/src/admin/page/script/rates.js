// Rates, worked out from two readings of the counts.
// All in seconds. What has moved over a longer gap, of a pause or a hidden tab, is no rate of now.
const HISTORY = 180;
const GAP = 30;
// The clock is set a little, now and then, while the process goes on.
const SAME_START = 2;
const rates = { process: null, uptime: 0, start: NaN, counts: new Map(), history: [] };

const routeKey = (route) => `route ${route.direction} ${route.name}`;
const connectionKey = (row) => `connection ${row.id}`;

/// Puts `up` and `down`, bytes a second or null, beside the counts of a reading. A process that has begun
/// anew, be it under the same number, counts from nought.
function rateAll(status) {
  const process = `${status.program?.pid} ${status.program?.host}`;
  const uptime = status.uptime_seconds ?? 0;
  const start = Date.parse(status.now) / 1000 - uptime;
  if (process !== rates.process || uptime < rates.uptime || Math.abs(start - rates.start) > SAME_START) {
    Object.assign(rates, { process, counts: new Map(), history: [] });
  }
  const seconds = uptime - rates.uptime;
  const next = new Map();
  const put = (key, of) => {
    if (!of) return;
    const now = [of.bytes_to_upstream, of.bytes_to_peer];
    const before = rates.counts.get(key);
    const [up, down] = now.map((value, at) =>
      known(value) && known(before?.[at]) && seconds > 0 && seconds <= GAP && value >= before[at] ? (value - before[at]) / seconds : null);
    Object.assign(of, { up, down });
    next.set(key, now);
  };
  put("totals", status.totals);
  for (const route of status.routes ?? []) put(routeKey(route), route);
  for (const row of status.connections?.rows ?? []) put(connectionKey(row), row);
  Object.assign(rates, { uptime, start, counts: next });
  // The curves are broken where nothing is known.
  rates.history.push({ uptime, rates: [status.totals?.up, status.totals?.down] });
  rates.history = rates.history.filter((past) => uptime - past.uptime <= HISTORY);
}
const both = (of) => known(of.up) || known(of.down) ? (of.up ?? 0) + (of.down ?? 0) : null;
