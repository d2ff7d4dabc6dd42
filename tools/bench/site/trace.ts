/** What a page's main thread did, read from a trace of Chromium's. */

/** As far as it is read here; times in µs. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Time of the processor, without what other threads took. */
  readonly tdur?: number;
  readonly id?: string;
  readonly args?: {
    readonly name?: string;
    readonly data?: {
      readonly startTime?: number;
      readonly timeDeltas?: readonly number[];
      readonly cpuProfile?: {
        readonly nodes?: readonly ProfileNode[];
        readonly samples?: readonly number[];
      };
    };
  };
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url?: string;
    readonly lineNumber?: number;
    readonly columnNumber?: number;
  };
}

/** A place in a script; line and column from 0. */
export interface ScriptPlace {
  readonly functionName: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

/** One turn of the main thread's event loop. */
export interface MainTask {
  /** Since the trace's first event. */
  readonly startMs: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** What the browser did in it, by its own name for it ("Layout"), longest first. */
  readonly work: readonly { readonly name: string; readonly ms: number }[];
  /** Where in the page's programs it was found, most often first. */
  readonly places: readonly { readonly place: ScriptPlace; readonly samples: number }[];
}

/** To be recorded for `mainTasks`. */
export const traceCategories = [
  "toplevel",
  "devtools.timeline",
  "disabled-by-default-devtools.timeline",
  "disabled-by-default-v8.cpu_profiler",
];

const taskNames = new Set(["RunTask", "ThreadControllerImpl::RunTask"]);
const mostListed = 4;

/** All turns that took at least so long, in the order of time. */
export function mainTasks(events: readonly TraceEvent[], leastMs: number): MainTask[] {
  const main = mainThread(events);
  if (main === null) return [];
  const own = events.filter(({ pid, tid }) => pid === main.pid && tid === main.tid);
  const spans = own.filter((event) => event.ph === "X" && event.dur !== undefined);
  const samples = samplesOf(events, main);
  const started = events.reduce((least, { ts }) => (ts > 0 && ts < least ? ts : least), Infinity);
  return outermost(spans.filter(({ name }) => taskNames.has(name)))
    .filter(({ dur = 0 }) => dur >= leastMs * 1000)
    .map((task) => {
      const end = task.ts + (task.dur ?? 0);
      const inside = spans.filter(
        (span) => span !== task && span.ts >= task.ts && span.ts + (span.dur ?? 0) <= end,
      );
      return {
        startMs: (task.ts - started) / 1000,
        wallMs: (task.dur ?? 0) / 1000,
        cpuMs: (task.tdur ?? 0) / 1000,
        work: selfTimes(inside),
        places: mostFrequent(samples.filter(({ ts }) => ts >= task.ts && ts <= end)),
      };
    });
}

/** The main thread of the renderer that did most. */
function mainThread(events: readonly TraceEvent[]): { readonly pid: number; readonly tid: number } | null {
  const candidates = events.filter(
    ({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain",
  );
  const busy = candidates.map((thread) => ({
    thread,
    busyUs: events
      .filter(({ pid, tid, name }) => pid === thread.pid && tid === thread.tid && taskNames.has(name))
      .reduce((sum, { dur = 0 }) => sum + dur, 0),
  }));
  busy.sort((a, b) => b.busyUs - a.busyUs);
  return busy[0]?.thread ?? null;
}

/** Without those that lie within others. */
function outermost(spans: readonly TraceEvent[]): TraceEvent[] {
  let end = -Infinity;
  return inOrder(spans).filter(({ ts, dur = 0 }) => {
    if (ts < end) return false;
    end = ts + dur;
    return true;
  });
}

/** Outer ones before what lies within them. */
function inOrder(spans: readonly TraceEvent[]): TraceEvent[] {
  return [...spans].sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
}

/** Of each name the time without what lies within. */
function selfTimes(spans: readonly TraceEvent[]): { name: string; ms: number }[] {
  const total = new Map<string, number>();
  const open: TraceEvent[] = [];
  const add = (name: string, us: number): void => void total.set(name, (total.get(name) ?? 0) + us);
  for (const span of inOrder(spans)) {
    while (open.length > 0 && span.ts >= open.at(-1)!.ts + (open.at(-1)!.dur ?? 0)) open.pop();
    const around = open.at(-1);
    if (around !== undefined) add(around.name, -(span.dur ?? 0));
    add(span.name, span.dur ?? 0);
    open.push(span);
  }
  return [...total]
    .map(([name, us]) => ({ name, ms: us / 1000 }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, mostListed);
}

interface Sample {
  readonly ts: number;
  readonly node: ProfileNode;
}

/** Which function the thread was in, about once a millisecond. */
function samplesOf(
  events: readonly TraceEvent[],
  main: { readonly pid: number; readonly tid: number },
): Sample[] {
  const found: Sample[] = [];
  const profiles = events.filter(
    ({ name, pid, tid }) => name === "Profile" && pid === main.pid && tid === main.tid,
  );
  for (const profile of profiles) {
    const nodes = new Map<number, ProfileNode>();
    let ts = profile.args?.data?.startTime ?? profile.ts;
    const chunks = events.filter(
      ({ name, pid, id }) => name === "ProfileChunk" && pid === main.pid && id === profile.id,
    );
    for (const { args } of inOrder(chunks)) {
      const { cpuProfile, timeDeltas = [] } = args?.data ?? {};
      for (const node of cpuProfile?.nodes ?? []) nodes.set(node.id, node);
      cpuProfile?.samples?.forEach((id, i) => {
        ts += timeDeltas[i] ?? 0;
        const node = nodes.get(id);
        if (node !== undefined) found.push({ ts, node });
      });
    }
  }
  return found;
}

function mostFrequent(samples: readonly Sample[]): { place: ScriptPlace; samples: number }[] {
  const counts = new Map<string, { place: ScriptPlace; samples: number }>();
  for (const { node } of samples) {
    const { functionName, url = "", lineNumber = 0, columnNumber = 0 } = node.callFrame;
    const key = `${functionName} ${url} ${lineNumber} ${columnNumber}`;
    const known = counts.get(key);
    if (known !== undefined) known.samples++;
    else
      counts.set(key, {
        place: { functionName, url, line: lineNumber, column: columnNumber },
        samples: 1,
      });
  }
  return [...counts.values()].sort((a, b) => b.samples - a.samples).slice(0, mostListed);
}
