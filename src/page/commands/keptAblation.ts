/** What the page does so that an ablation survives a reload. */
import { presets } from "../../contract/presets.ts";
import type { KeptAblation } from "../../formats/keptAblation.ts";
import { ablationIsGoing, ablationStore } from "../stores/ablationStore.ts";
import { notify, notifyError } from "../stores/noticeStore.ts";
import { jobsLeft } from "../trials/ablationJobs.ts";
import { ablationLockIsHeld } from "./ablationLock.ts";

const storageKey = "ablation";
let isRestoring = false;

/** Brings back the ablation of an earlier visit, says so if it was broken off, and keeps the present one from now on. */
export async function followAblation(): Promise<void> {
  if (await restoreAblation()) await offerRest();
  ablationStore.subscribe((state, before) => {
    if (isRestoring || state.config === null || state.jobs.length === 0) return;
    if (state.jobs !== before.jobs || state.config !== before.config) void keepAblation();
  });
  // Another tab's, as it goes on there.
  addEventListener("storage", ({ key }) => {
    if (key === storageKey && !ablationIsGoing()) void restoreAblation();
  });
}

/** @returns whether there was one. */
async function restoreAblation(): Promise<boolean> {
  const text = readStorage();
  if (text === null) return false;
  const { parseKeptAblation } = await import("../../formats/keptAblation.ts"); // seldom needed
  if (ablationIsGoing()) return false; // begun meanwhile
  try {
    show(parseKeptAblation(text));
    return true;
  } catch (error) {
    notifyError(error, "ablation");
    return false;
  }
}

/** The job that was going waits again, with its run, which may have a checkpoint to go on from. */
function show({ design, config, dataFingerprint, jobs }: KeptAblation): void {
  const { draft } = ablationStore.getState();
  const waiting = jobs.map((job) => (job.state === "running" ? { ...job, state: "queued" as const } : job));
  isRestoring = true;
  ablationStore.setState({
    draft: draft === presets.bottleneck.design ? design : draft,
    design,
    config,
    dataFingerprint,
    jobs: waiting,
    status: jobsLeft(waiting).length === 0 ? "finished" : "stopped",
  });
  isRestoring = false;
}

async function offerRest(): Promise<void> {
  const { jobs } = ablationStore.getState();
  const left = jobsLeft(jobs).length;
  if (left === 0 || (await ablationLockIsHeld())) return;
  notify("info", `An ablation was broken off: ${left} of ${jobs.length} runs are left.`, {
    hint: "“Continue” under “Ablation” goes on with them.",
    cause: "ablation",
  });
}

async function keepAblation(): Promise<void> {
  const { formatKeptAblation } = await import("../../formats/keptAblation.ts");
  const { design, config, dataFingerprint, jobs } = ablationStore.getState();
  if (config === null) return;
  try {
    localStorage.setItem(storageKey, formatKeptAblation({ design, config, dataFingerprint, jobs }));
  } catch (error) {
    notifyError(error, "ablation");
  }
}

function readStorage(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null; // storage is switched off
  }
}
