import type { Config } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { AppError } from "../../contract/errors.ts";
import { describeMatching, sharedEmbeddingDim } from "../../contract/matching.ts";
import { methods } from "../../contract/methods.ts";
import type { Requests, RunPlan } from "../../contract/protocol.ts";
import { plainViews } from "../../ml/augment/drawViews.ts";
import { StoredViews } from "../../ml/augment/storedViews.ts";
import type { ViewSource } from "../../ml/augment/viewSource.ts";
import { compileMethod } from "../../ml/compiled/compileMethod.ts";
import { openViewSource } from "../../ml/compiled/views/openViewSource.ts";
import { EpochSampler } from "../../ml/data/sampler.ts";
import {
  embedAhead,
  lookUpTargets,
  lookUpTargetsOfStoredViews,
  type PrecomputeTargets,
} from "../../ml/methods/precomputeTargets.ts";
import { createMethod, resolveQueueSize } from "../../ml/methods/createMethod.ts";
import { prepareMethod } from "../../ml/methods/prepareMethod.ts";
import type { Network } from "../../ml/models/network.ts";
import { parameterCount } from "../../ml/models/parameterCount.ts";
import { fitProjection } from "../../ml/teachers/fitProjection.ts";
import { ProjectedTeacher } from "../../ml/teachers/projectedTeacher.ts";
import type { Teacher } from "../../ml/teachers/teacher.ts";
import type * as tf from "../../ml/tfjs/tf.ts";
import { createTrainingStreams, restoreStreams } from "../../ml/training/trainingStreams.ts";
import type { RunCheckpoint } from "../../formats/runCheckpoint.ts";
import { projectionOf } from "./captureRun.ts";
import { openKeeper } from "./openKeeper.ts";
import type { RunKeeper } from "./runKeeper.ts";
import { Judge, type MeasuredTeacher, type Sighting } from "../../ml/training/judge.ts";
import { fitToSet, type FittedRun } from "./fitToSet.ts";
import type { HeldRun, Session } from "./session.ts";
import { teacherOfStep } from "./teacherOfStep.ts";
import { TrainingRun } from "./trainingRun.ts";

interface PreparedRun extends HeldRun {
  readonly plan: RunPlan;
}

/** A run's teacher: as its student is to match it, and as it is measured. */
interface RunTeacher {
  readonly matched: Teacher;
  readonly measured: MeasuredTeacher;
  readonly projected: ProjectedTeacher | null;
  /** As the plan says it. */
  readonly projection: string;
}

/**
 * Sets up everything a run is made of, from what the session holds, and begins it.
 *
 * @param from a checkpoint to go on from, of this very run.
 * @param see told of every network that its judge has measured.
 * @throws AppError what is missing or does not fit together.
 */
export async function prepareRun(
  session: Session,
  { runId, config: asked, paused, keepEveryMs }: Requests["startRun"]["in"],
  from: RunCheckpoint | null,
  see: (sighting: Sighting, summary: DatasetSummary) => void,
): Promise<PreparedRun> {
  const { software, chosen: backend } = session.requireBackend();
  const store = session.requireImages();
  const fitted = fitToSet(store, asked);
  const { split, config } = fitted;
  requireTeacher(session, config);
  const source = await openViewSource(store, config.imageSize, { software });
  let teacher: RunTeacher | null = null;
  let keeper: RunKeeper | null = null;
  const release = (): void => {
    teacher?.projected?.dispose();
    source.dispose();
  };
  try {
    const { report, emit, embeddings } = session;
    const sampler = new EpochSampler(split.train, config.batchSize, from?.facts.sampler ?? config.seed);
    const streams = createTrainingStreams(config.seed);
    if (from !== null) restoreStreams(streams, from.facts.streams);
    const totalSteps = config.steps > 0 ? config.steps : config.epochs * sampler.batchesPerEpoch;
    teacher = await teacherOfRun(session, source, fitted, from);
    const matched = teacher?.matched ?? null;
    const method = createMethod(config, matched);
    const { network } = method.trainer;
    const judge = new Judge(store, source, split, config, teacher?.measured ?? null, (sighting) =>
      see(sighting, fitted.summary),
    );
    const targetsArePrecomputed =
      config.teacherViews === "plain" || config.cachedViews > 0 || matched?.embeds === "later";
    keeper = await openKeeper(session, runId, keepEveryMs, teacher !== null);
    const run = new TrainingRun(
      {
        runId,
        config,
        totalSteps,
        method,
        prepare: async (cancelled) => {
          const sources = { teacher: matched, source, train: split.train, config };
          await prepareMethod(method, sources, { report, cancelled });
          return precomputedTargets(session, config, teacher, source, fitted.summary);
        },
        compile: (method) =>
          compileMethod(
            method,
            { batch: config.batchSize, height: config.imageSize, width: config.imageSize },
            { software, hasTargets: targetsArePrecomputed },
            (done, total) => report({ task: "Compiling for the GPU", done, total }),
          ),
        source,
        sampler,
        streams,
        from,
        origin: {
          runId,
          config,
          totalSteps,
          backend,
          dataFingerprint: fitted.summary.fingerprint,
          teacherHash: teacher === null ? null : ((await session.teacher?.hash) ?? null),
          projection: teacher?.projection ?? "",
        },
        projection: teacher?.projected?.projection ?? null,
        keeper,
        judge,
        images: store,
        teacherOfStep: teacher && teacherOfStep(teacher, source, config),
        keepEmbeddings: () => embeddings.keep(),
        emit,
        memory: session.memory,
        now: () => performance.now(),
      },
      paused,
    );
    const head = headParameters(network);
    const plan: RunPlan = {
      runId,
      config,
      totalSteps,
      stepsPerEpoch: sampler.batchesPerEpoch,
      trainImages: split.train.length,
      heldOutImages: split.heldOut.length,
      queueSize: resolveQueueSize(config),
      embeddingDim: network.embeddingDim,
      projection: teacher?.projection ?? "",
      matching: teacher === null ? "" : describeMatching(config, session.teacher?.teacher.card ?? null),
      studentParameters: parameterCount(network) - head,
      headParameters: head,
    };
    return {
      run,
      plan,
      dispose() {
        run.dispose();
        release();
      },
    };
  } catch (error) {
    keeper?.release();
    release();
    throw error;
  }
}

/** @throws AppError when the method learns from a teacher and there is none. */
function requireTeacher(session: Session, { method, teacher }: Config): void {
  const { usesTeacher, label } = methods[method];
  if (!usesTeacher) return;
  if (teacher === "none") {
    throw new AppError("config-invalid", `${label} needs a teacher, and “None” is chosen`, {
      hint: "Choose a teacher, or a method without one.",
    });
  }
  if (session.teacher === null) {
    throw new AppError("not-found", "No teacher is loaded", {
      hint: "Load one, or choose a method without a teacher.",
    });
  }
}

/** The loaded teacher as a method wants it; null for a method without. */
async function teacherOfRun(
  { teacher: loaded, embeddings, report }: Session,
  source: ViewSource,
  { summary, split, config }: FittedRun,
  from: RunCheckpoint | null,
): Promise<RunTeacher | null> {
  const { usesTeacher, matchesEmbedding } = methods[config.method];
  if (!usesTeacher || loaded === null) return null;
  const { teacher } = loaded;
  const plain = await embeddings.of(teacher, await loaded.hash, summary, config);
  const embeddingDim = sharedEmbeddingDim(config, teacher.card);
  if (!matchesEmbedding || teacher.card.embeddingDim === embeddingDim)
    return {
      matched: teacher,
      measured: { plain, project: (embedded) => embedded },
      projected: null,
      projection: "",
    };
  // Fitted anew, elsewhere, its axes might point the other way.
  const known = from === null ? null : projectionOf(from);
  const fitted =
    from === null || known === null
      ? await fitProjection(teacher, source, split.train, embeddingDim, config, plain, report)
      : { projection: known, description: from.facts.projection };
  const projected = new ProjectedTeacher(teacher, fitted.projection);
  return {
    matched: projected,
    measured: { plain, project: (embedded) => projected.project(embedded) },
    projected,
    projection: fitted.description,
  };
}

/**
 * How targets are precomputed for each step, where they are: looked up among the teacher's embeddings of plain images or
 * of stored views, or, by a teacher that embeds later, computed before the step.
 */
function precomputedTargets(
  { teacher: loaded, embeddings, report }: Session,
  config: Config,
  teacher: RunTeacher | null,
  source: ViewSource,
  summary: DatasetSummary,
): PrecomputeTargets | undefined {
  if (teacher === null) return undefined;
  const { matched, measured } = teacher;
  const { method, teacherViews, teacherInputSize } = config;
  const render = (some: Int32Array): tf.Tensor4D => plainViews(source, some);
  if (teacherViews === "plain")
    return lookUpTargets(method, measured.plain, render, measured.project, report);
  if (config.cachedViews > 0 && loaded !== null) {
    const stored = new StoredViews(source, config);
    const known = embeddings.ofStoredViews(loaded.teacher, summary, config);
    return lookUpTargetsOfStoredViews(method, known, (some) => stored.render(some), measured.project, report);
  }
  return matched.embeds === "later" ? embedAhead(method, matched, teacherInputSize) : undefined;
}

function headParameters(network: Network): number {
  const layers = network.layers.filter((layer) => layer.kind === "linear" && layer.name.startsWith("fc"));
  return parameterCount({ ...network, layers });
}
