import { useRef } from "react";
import { useStore } from "zustand";
import { methods } from "../../contract/methods.ts";
import { diagramDrawing } from "../method/drawDiagram.ts";
import { useDiagramDrawing } from "../method/useDiagramDrawing.ts";
import { configStore } from "../stores/configStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import styles from "./EmbedDiagram.module.css";

/** The method in one line, live: a picture, its views, the networks, how far apart they put it, the losses. */
export function EmbedDiagram() {
  const host = useRef<HTMLDivElement>(null);
  const running = useStore(runStore, (run) => (runIsBusy(run) ? run.config : null));
  const settings = useStore(configStore, (state) => state.config);
  const { method, teacher } = running ?? settings;
  const { label, usesTeacher } = methods[method];
  const isTaught = usesTeacher && teacher !== "none";
  useDiagramDrawing(host, diagramDrawing);
  return (
    <div
      className={styles.diagram}
      ref={host}
      data-testid="diagram"
      role="group"
      aria-label={`${label}, live`}
    >
      <figure>
        <canvas data-draw="picture" width={32} height={32} aria-hidden="true" />
        <figcaption>a picture</figcaption>
      </figure>
      <Arrow />
      <figure>
        <span className={styles.views}>
          <canvas data-draw="view1" width={32} height={32} aria-hidden="true" />
          <canvas data-draw="view2" width={32} height={32} aria-hidden="true" />
        </span>
        <figcaption>two views</figcaption>
      </figure>
      <Arrow />
      <ul className={styles.networks}>
        <li>
          <span className={styles.student}>●</span> student
        </li>
        <li>
          <span className={styles.student}>○</span> its mean
        </li>
        <li data-faint={!isTaught}>
          <span className={styles.teacher}>◆</span> {isTaught ? "teacher" : "no teacher"}
        </li>
      </ul>
      <Arrow />
      <p className={styles.figures}>
        cosine <b data-draw="cosine" />
        <small data-draw="angle" />
      </p>
      <Arrow />
      <div className={styles.losses}>
        {(["distillation", "contrastive"] as const).map((name) => (
          <p key={name}>
            {name === "distillation" ? "distillation" : "contrast"} <b data-draw={name} />
            <svg viewBox="0 0 96 24" preserveAspectRatio="none" aria-hidden="true">
              <path data-draw={`${name}Curve`} className={styles[name]} />
            </svg>
          </p>
        ))}
      </div>
    </div>
  );
}

function Arrow() {
  return (
    <span className={styles.arrow} aria-hidden="true">
      →
    </span>
  );
}
