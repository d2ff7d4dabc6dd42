import { createStore } from "zustand/vanilla";
import type { Engine } from "../../contract/protocol.ts";
import type { StepReplay } from "../../contract/sight.ts";
import type { Config } from "../../contract/config.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { lastRow } from "../metrics/metricLog.ts";
import { pauseRun, stepRun } from "../commands/startRun.ts";
import { waitUntil } from "../commands/waitUntil.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runStore } from "../stores/runStore.ts";
import { stepPicturesStore } from "../stores/sightStore.ts";
import type { Part } from "./parts.ts";

interface SlowStepState {
  /** While the step is taken and taken apart. */
  readonly working: boolean;
  readonly replay: StepReplay | null;
  /** Which of `scenes` is told; meaningless without `replay`. */
  readonly scene: number;
}

const idle: SlowStepState = { working: false, replay: null, scene: 0 };
export const slowStepStore = createStore<SlowStepState>(() => idle);

/** Takes one step of the run, and tells what happened in it. */
export async function beginSlowStep(engine: Engine): Promise<void> {
  if (slowStepStore.getState().working) return;
  slowStepStore.setState({ ...idle, working: true });
  try {
    if (runStore.getState().state === "running") {
      await pauseRun(engine);
      await waitUntil(runStore, ({ state }) => state !== "running" && state !== "starting");
    }
    const { runId: before, step: former } = runStore.getState();
    await stepRun(engine);
    const { runId, state } = await waitUntil(
      runStore,
      (run) =>
        run.state === "ended" ||
        (run.state === "paused" && (run.runId !== before || run.step !== former) && run.step > 0),
    );
    if (state !== "paused") return;
    const replay = await engine.request("replayStep", { runId });
    stepPicturesStore.setState({ pictures: replay.pictures });
    slowStepStore.setState({ replay, scene: 0 });
  } catch (error) {
    notifyError(error);
  } finally {
    slowStepStore.setState({ working: false });
  }
}

export function endSlowStep(): void {
  slowStepStore.setState(idle);
}

export function showScene(scene: number): void {
  if (scene < 0) return;
  if (scene >= scenes.length) endSlowStep();
  else slowStepStore.setState({ scene });
}

/** The arrows between two columns of the diagram, by where they lead. */
type ArrowGroup = "views" | "networks" | "embeddings" | "losses";

/** How arrows move. */
export interface Flow {
  /** As the gradient goes: from the losses to the student. */
  readonly back?: true;
  /** Only the uppermost, the student's. */
  readonly studentOnly?: true;
}

interface Scene {
  /** What is lit; everything else steps back. */
  readonly parts: readonly Part[];
  /** The arrows that move. */
  readonly arrows: Readonly<Partial<Record<ArrowGroup, Flow>>>;
  readonly tell: (replay: StepReplay, config: Config) => string;
}

/** One iteration, in the order in which it happens. */
export const scenes: readonly Scene[] = [
  {
    parts: ["data", "views"],
    arrows: { views: {} },
    tell: ({ pictures }, { batchSize }) =>
      `1 of 6. Two random views are drawn of “${pictures.name}”, and of ${batchSize - 1} other pictures beside it.`,
  },
  {
    parts: ["student", "meanStudent", "teacher", "views"],
    arrows: { networks: {} },
    tell: ({ student, teacher }) =>
      `2 of 6. Every network turns its view into ${student[0].length} numbers${teacher === null ? "" : "; the teacher’s of a picture never change"}.`,
  },
  {
    parts: ["embeddings", "losses"],
    arrows: { embeddings: {}, losses: {} },
    tell: ({ student, teacher, meanStudent, queue }) =>
      [
        "3 of 6. They are compared.",
        teacher === null ? "" : `Student and teacher: cosine ${cosine(student[0], teacher[0])}.`,
        meanStudent === null
          ? ""
          : `With the mean student’s other view: ${cosine(student[0], meanStudent[1])}.`,
        queue === null
          ? ""
          : `With the ${queue.size} pictures in the queue: ${queue.meanSimilarity.toFixed(2)} on average, ${queue.nearestSimilarity.toFixed(2)} at most.`,
      ].join(" "),
  },
  {
    parts: ["losses", "embeddings", "student"],
    arrows: { losses: { back: true }, embeddings: { back: true, studentOnly: true } },
    tell: () => {
      const row = lastRow(metricLogOf(runStore.getState().runId));
      const loss =
        row === null
          ? ""
          : ` The loss of this step was ${row.loss.toFixed(2)}; weights moved at a rate of ${row.learningRate.toPrecision(2)}.`;
      return `4 of 6. The gradient flows back into the student alone: each of its weights moves a little, so that the comparison would turn out better.${loss}`;
    },
  },
  {
    parts: ["student", "meanStudent"],
    arrows: {},
    tell: (_, { emaMomentum }) =>
      `5 of 6. The mean student follows: ${Number(((1 - emaMomentum) * 100).toPrecision(3))} % of the way.`,
  },
  {
    parts: ["meanStudent"],
    arrows: {},
    tell: ({ queue }, { batchSize }) =>
      queue === null
        ? "6 of 6. This method keeps no queue: the next step begins with new pictures."
        : `6 of 6. The queue turns: ${batchSize} new embeddings come in, the ${batchSize} oldest go.`,
  },
];

function cosine(a: Float32Array, b: Float32Array): string {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * (b[i] ?? 0);
  return sum.toFixed(2);
}
