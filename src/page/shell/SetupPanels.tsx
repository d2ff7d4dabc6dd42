import { useState } from "react";
import { useStore } from "zustand";
import { visibleText } from "../../lib/visibleText.ts";
import type { Config } from "../../contract/config.ts";
import { settings } from "../../contract/config.ts";
import { methods, methodUses } from "../../contract/methods.ts";
import { configStore } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { engineStore } from "../stores/engineStore.ts";
import { hasTeacher } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { DataPanel } from "../data/DataPanel.tsx";
import { backendLabels, MachinePanel } from "./MachinePanel.tsx";
import { Panel } from "../widgets/Panel.tsx";
import { PresetPicker } from "../settings/PresetPicker.tsx";
import { Fold, SettingsGroup } from "../settings/SettingsGroup.tsx";
import { TeacherOffer } from "../teacher/TeacherOffer.tsx";
import { TeacherPanel } from "../teacher/TeacherPanel.tsx";

/** Everything that is decided before a run, in the order of the data. On a phone all is folded, so Start is near. */
export function SetupPanels() {
  const [wide] = useState(() => matchMedia("(min-width: 960px)").matches);
  const config = useStore(configStore, (state) => state.config);
  const dataset = useStore(datasetStore, (state) => state.summary);
  const teacher = useStore(teacherStore, (state) => state.card);
  const report = useStore(engineStore, (state) => state.report);

  return (
    <>
      <PresetPicker />
      <Panel
        id="data"
        title="Data"
        brief={
          dataset === null
            ? settings.data.options[config.data]
            : `${visibleText(dataset.name)} · ${dataset.count} images`
        }
        intro="Images without labels are enough. Every time an image is used, two random views of it are made; the networks should see that they are the same thing."
        startsOpen={wide}
      >
        <DataPanel />
        <SettingsGroup group="data" except={["data"]} />
        <Fold title="How views are made (augmentation)">
          <SettingsGroup group="augmentation" />
        </Fold>
      </Panel>
      <Panel
        id="teacher"
        title="Teacher"
        brief={describeTeacher(config, teacher?.name)}
        intro={`${settings.teacher.help} An embedding is the list of numbers a network turns an image into.`}
        startsOpen={wide}
      >
        <TeacherPanel />
      </Panel>
      <TeacherOffer />
      <Panel
        id="student"
        title="Student"
        brief={`${settings.student.options[config.student]} · width ${config.studentWidth} · head ${config.hiddenWidth}`}
        intro="The small network that is trained, and kept in the end. Beside it goes the mean student, a slow average of it, whose embeddings serve as keys."
        startsOpen={wide}
      >
        <SettingsGroup group="student" />
      </Panel>
      <Panel
        id="objective"
        title="Objective"
        brief={describeObjective(config)}
        intro={
          <>
            InfoNCE pulls two views of an image together and pushes them from the queue, past images
            remembered by the mean student. DisCo adds the distance to the teacher&rsquo;s embedding of the
            same view (
            <a href="https://arxiv.org/abs/2104.09124" target="_blank" rel="noreferrer">
              arXiv 2104.09124
            </a>
            ).
          </>
        }
        startsOpen={wide}
      >
        <SettingsGroup group="objective" />
      </Panel>
      <Panel
        id="training"
        title="Run"
        brief={`${describeLength(config)} · batch ${config.batchSize} · seed ${config.seed}`}
        intro="How long, how fast, and how the result is judged while it learns."
        startsOpen={wide}
      >
        <SettingsGroup group="optimiser" />
        <SettingsGroup group="run" />
        <Fold title="How it is judged (evaluation)">
          <SettingsGroup group="evaluation" />
        </Fold>
      </Panel>
      <Panel
        id="machine"
        title="Machine"
        brief={report === null ? "" : `${backendLabels[report.chosen]} · ${report.adapter}`}
        intro="What computes. Everything happens in this browser; nothing is sent anywhere."
        startsOpen={wide}
      >
        <MachinePanel />
      </Panel>
    </>
  );
}

function describeTeacher(config: Config, name: string | undefined): string {
  if (!hasTeacher(config)) return `not used by ${methods[config.method].label}`;
  return config.teacher === "none" ? "none" : (name ?? settings.teacher.options[config.teacher]);
}

function describeObjective(config: Config): string {
  const { method } = config;
  const parts = [
    methods[method].label,
    ...(methodUses(method, "distillWeight") ? [`w ${config.distillWeight}`] : []),
    ...(methodUses(method, "temperature") ? [`τ ${config.temperature}`] : []),
  ];
  return parts.join(" · ");
}

function describeLength({ steps, epochs }: Config): string {
  return steps > 0 ? `${steps} steps` : `${epochs} epochs`;
}
