import { useRef, useState, type ReactNode } from "react";
import { useStore } from "zustand";
import { methods } from "../../contract/methods.ts";
import { openStation } from "../stores/stationStore.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { formatCount } from "../widgets/formatNumbers.ts";
import { diagramDrawing } from "./drawDiagram.ts";
import styles from "./MethodDiagram.module.css";
import { parts, type Part } from "./parts.ts";
import { SlowStepBar } from "./SlowStepBar.tsx";
import { scenes, slowStepStore, type Flow } from "./slowStep.ts";
import { useDiagramDrawing } from "./useDiagramDrawing.ts";

/**
 * The method, live: what happens to a picture in the present step. Stations are buttons that open their settings; what
 * a part does is told below when it is pointed at. Pictures and numbers are written in the drawing loop, past React.
 */
export function MethodDiagram() {
  const host = useRef<HTMLDivElement>(null);
  const config = useStore(runStore, (run) => (runIsBusy(run) ? run.config : null));
  const settings = useStore(configStore, (state) => state.config);
  const shown = config ?? settings;
  const summary = useStore(datasetStore, (state) => state.summary);
  const card = useStore(teacherStore, (state) => state.card);
  const plan = useStore(runStore, (run) => run.plan);
  const { replay, scene } = useStore(slowStepStore);
  const told = replay === null ? undefined : scenes[scene];
  const lit = told?.parts ?? null;
  const flows = told?.arrows ?? {};
  const [asked, setAsked] = useState<Part | null>(null);
  const [tapped, setTapped] = useState<Part | null>(null);

  useDiagramDrawing(host, diagramDrawing);

  const { usesTeacher, label, uses } = methods[shown.method];
  const taught = usesTeacher && shown.teacher !== "none";
  const queued = uses.some((name) => name === "queueSize");
  const averaged = uses.some((name) => name === "emaMomentum");
  const part = (name: Part): PartProps => ({
    ...{ name, lit },
    onAsk: setAsked,
    onLeave: () => {
      setAsked(null);
      setTapped(null);
    },
    onTap: () => {
      if (tapped === name) openStation(parts[name].station);
      setAsked(name);
      setTapped(name);
    },
  });

  return (
    <div className={styles.diagram} ref={host} data-running={lit !== null} data-testid="diagram">
      <p className={styles.purpose}>
        Watch a small network learn from a bigger one, in your browser, without labels.
      </p>
      <div className={styles.stations}>
        <PartButton {...part("data")} className={styles.data}>
          <canvas data-draw="picture" width={32} height={32} className={styles.large} aria-hidden="true" />
          <span className={styles.small} data-draw="pictureName" />
          <span className={styles.small}>
            {summary === null ? "no pictures yet" : `${summary.count.toLocaleString("en")} pictures`}
          </span>
        </PartButton>
        <Arrows from={[50]} to={[16.7, 50, 83.3]} className={styles.gap1} flow={flows.views} />
        <PartButton {...part("views")} className={styles.views}>
          <View name="view1" caption="view 1" />
          <View name="view2" caption="view 2" />
          <View name="whole" caption={shown.teacherViews === "plain" ? "whole" : "both"} faint={!taught} />
        </PartButton>
        <Arrows from={[16.7, 50, 83.3]} to={[16.7, 50, 83.3]} className={styles.gap2} flow={flows.networks} />
        <PartButton {...part("student")} className={styles.student}>
          <span className={styles.small}>
            <Mark role="student" /> learns
          </span>
          <span className={`${styles.small} ${styles.line}`}>
            {plan === null ? "" : `${formatCount(plan.studentParameters)} parameters`}
          </span>
        </PartButton>
        <PartButton {...part("meanStudent")} className={styles.mean} faint={!averaged && !queued}>
          <span className={styles.small}>
            <Mark role="mean" /> {averaged ? "follows slowly" : "not used"}
            {queued ? ` ▸ queue of ${shown.queueSize.toLocaleString("en")}` : ""}
          </span>
        </PartButton>
        <PartButton {...part("teacher")} className={styles.teacher} faint={!taught}>
          <span className={styles.small}>
            <Mark role="teacher" /> {taught ? "frozen" : `none: ${label}`}
          </span>
          <span className={`${styles.small} ${styles.line}`}>
            {!taught || card === null ? "" : `${formatCount(card.parameters)} parameters`}
          </span>
        </PartButton>
        <Arrows from={[16.7, 50, 83.3]} to={[50]} className={styles.gap3} flow={flows.embeddings} />
        <PartButton {...part("embeddings")} className={styles.embeddings}>
          <Dial taught={taught} />
          <span>
            cosine <b className={styles.number} data-draw="cosine" />
          </span>
          <span className={styles.small} data-draw="angle" />
        </PartButton>
        <Arrows from={[50]} to={[50]} className={styles.gap4} flow={flows.losses} />
        <PartButton {...part("losses")} className={styles.losses}>
          <Loss name="distillation" caption="distillation" />
          <Loss name="contrastive" caption="contrast" />
        </PartButton>
      </div>
      {replay === null ? <Explanation part={asked} /> : <SlowStepBar />}
    </div>
  );
}

interface PartProps {
  readonly name: Part;
  /** What a slow step is about; null while none is told. */
  readonly lit: readonly Part[] | null;
  readonly onAsk: (part: Part) => void;
  readonly onLeave: () => void;
  /** By a finger, which cannot point: the first tap asks, the next opens. */
  readonly onTap: () => void;
}

interface PartButtonProps extends PartProps {
  readonly className: string | undefined;
  readonly faint?: boolean;
  readonly children: ReactNode;
}

function PartButton({ name, lit, className, faint = false, children, ...on }: PartButtonProps) {
  const { title, station } = parts[name];
  return (
    <button
      type="button"
      className={`${styles.part} ${className ?? ""}`}
      data-part={name}
      data-testid={`station-${name}`}
      data-faint={faint}
      data-lit={lit === null ? undefined : lit.includes(name)}
      aria-describedby="method-explanation"
      onClick={({ nativeEvent }) => (isTouch(nativeEvent) ? on.onTap() : openStation(station))}
      onPointerEnter={({ nativeEvent }) => (isTouch(nativeEvent) ? undefined : on.onAsk(name))}
      onPointerLeave={({ nativeEvent }) => (isTouch(nativeEvent) ? undefined : on.onLeave())}
      onFocus={() => on.onAsk(name)}
      onBlur={on.onLeave}
    >
      <span className={styles.title}>{title}</span>
      {children}
    </button>
  );
}

function isTouch(event: Event): boolean {
  return event instanceof PointerEvent && event.pointerType === "touch";
}

/** Room for three lines is kept, so that nothing moves when a part is pointed at. */
function Explanation({ part }: { readonly part: Part | null }) {
  const config = useStore(configStore, (state) => state.config);
  if (part === null) {
    return (
      <p className={styles.explanation} id="method-explanation">
        Each step: draw two views of some pictures, see where three networks put them, and move the student.{" "}
        <span className={styles.byPointer}>
          Point at a part to read what it does; click it for its settings.
        </span>
        <span className={styles.byTouch}>
          Tap a part to read what it does; tap it again for its settings.
        </span>
      </p>
    );
  }
  const { title, sentence, equation, citation } = parts[part];
  const [formula, source] = [equation(config), citation(config)];
  return (
    <p className={styles.explanation} id="method-explanation">
      <b>{title}.</b> {sentence(config)} {formula === "" ? null : <code>{formula}</code>}{" "}
      {source === "" ? null : <cite>{source}</cite>}
    </p>
  );
}

function View({
  name,
  caption,
  faint = false,
}: {
  readonly name: string;
  readonly caption: string;
  readonly faint?: boolean;
}) {
  return (
    <span className={styles.view} data-faint={faint}>
      <canvas data-draw={name} width={32} height={32} aria-hidden="true" />
      <span className={styles.small}>{caption}</span>
    </span>
  );
}

const markShapes = { student: "●", mean: "○", teacher: "◆" } as const;

function Mark({ role }: { readonly role: keyof typeof markShapes }) {
  return (
    <span className={styles[role === "teacher" ? "teacherMark" : "studentMark"]} aria-hidden="true">
      {markShapes[role]}
    </span>
  );
}

/** The teacher's direction upright, the student's at the angle of the batch's mean cosine. */
function Dial({ taught }: { readonly taught: boolean }) {
  return (
    <svg className={styles.dial} viewBox="0 0 120 70" aria-hidden="true">
      <path d="M14 62a46 46 0 0 1 92 0" className={styles.arc} />
      {taught ? (
        <>
          <line x1="60" y1="62" x2="60" y2="16" className={styles.teacherRay} />
          <path d="M60 9l7 7-7 7-7-7z" className={styles.teacherDot} />
        </>
      ) : null}
      <line x1="60" y1="62" x2="106" y2="62" className={styles.studentRay} data-draw="studentRay" />
      <circle cx="106" cy="62" r="6.5" className={styles.studentDot} data-draw="studentDot" />
    </svg>
  );
}

function Loss({
  name,
  caption,
}: {
  readonly name: "distillation" | "contrastive";
  readonly caption: string;
}) {
  return (
    <span className={styles.loss}>
      <span className={styles.small}>{caption}</span>
      <b className={styles.number} data-draw={name} />
      <svg className={styles.spark} viewBox="0 0 96 24" preserveAspectRatio="none" aria-hidden="true">
        <path
          data-draw={`${name}Curve`}
          className={name === "distillation" ? styles.distillationCurve : styles.contrastiveCurve}
        />
      </svg>
    </span>
  );
}

interface ArrowsProps {
  /** Heights in per cent: each of `from` is joined with each of `to`, or pairwise where there are as many. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly className: string | undefined;
  /** How they move; undefined while they stand still. */
  readonly flow: Flow | undefined;
}

function Arrows({ from, to, className, flow }: ArrowsProps) {
  const pairs =
    from.length === to.length
      ? from.map((y, i) => [y, to[i]!] as const)
      : from.flatMap((y) => to.map((z) => [y, z] as const));
  return (
    <svg
      className={`${styles.arrows} ${className ?? ""}`}
      viewBox="0 0 40 100"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {pairs.map(([y, z], at) => (
        <path
          key={`${y} ${z}`}
          d={`M2 ${y}C22 ${y} 18 ${z} 38 ${z}`}
          vectorEffect="non-scaling-stroke"
          data-flow={
            flow === undefined || (flow.studentOnly === true && at > 0)
              ? undefined
              : flow.back === true
                ? "back"
                : "on"
          }
        />
      ))}
    </svg>
  );
}
