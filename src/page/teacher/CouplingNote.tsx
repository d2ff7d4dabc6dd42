import { useStore } from "zustand";
import { settings } from "../../contract/config.ts";
import { methods } from "../../contract/methods.ts";
import { changeSetting } from "../commands/changeSetting.ts";
import { couplingStore, presentCoupling } from "../commands/teacherCoupling.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import styles from "./TeacherPanel.module.css";

/** Where a choice of teacher or method changed the other too: what, and the way back. */
export function CouplingNote() {
  const engine = useEngine();
  const config = useStore(configStore, (state) => state.config);
  const last = useStore(couplingStore, (state) => state.last);
  const isBusy = useStore(runStore, (run) => runIsBusy(run));
  const { method, teacher } = config;
  const coupling = presentCoupling(last, config);
  if (coupling !== null) {
    const { before } = coupling;
    const goBack = (button: HTMLElement): void => {
      // The button goes with the note, and the keyboard to what the note was about.
      button.closest("[data-setting]")?.querySelector<HTMLElement>("select, button")?.focus();
      patchConfig(before);
      couplingStore.setState({ last: null });
    };
    return (
      <p className={styles.coupling} role="status" data-testid="coupling-note">
        {teacher === "none"
          ? `Without a teacher: ${methods.mocov2.label.replace(" (no teacher)", "")}, which learns from the pictures alone. A fair comparison for ${methods[before.method].label}.`
          : `${methods[method].label} needs a teacher, so the bundled one was chosen.`}{" "}
        <button
          type="button"
          disabled={isBusy}
          data-testid="coupling-back"
          onClick={(event) => goBack(event.currentTarget)}
        >
          {teacher === "none"
            ? `Back to ${methods[before.method].label} and its teacher`
            : `Back to ${methods[before.method].label} and ${settings.teacher.options[before.teacher].toLowerCase()}`}
        </button>
      </p>
    );
  }
  if (methods[method].usesTeacher || teacher === "none") return null;
  return (
    <p className={styles.coupling} data-testid="coupling-note">
      {methods[method].label} does not ask the teacher.{" "}
      <button type="button" disabled={isBusy} onClick={() => void changeSetting(engine, "method", "disco")}>
        Use {methods.disco.label}, which does
      </button>
    </p>
  );
}
