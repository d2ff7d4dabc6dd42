import { smallPhotoTeacher } from "../commands/lookUpTeacher.ts";
import { teacherPresets, type TeacherPreset } from "../../contract/teacherPresets.ts";

interface GoodTeacher {
  readonly preset: TeacherPreset;
  /** As a person calls it, without where it is from. */
  readonly name: string;
  readonly goodFor: string;
}

/** What the bundled teacher is good for; the rest of its card is its own. */
export const bundledFacts = {
  name: "Bundled ResNet-18",
  inputSize: 32,
  parameters: "3.0 M",
  goodFor: "The demo and quick tries. It knows colour and coarse shape, not detail.",
} as const;

const chosen: Readonly<Record<string, Omit<GoodTeacher, "preset">>> = {
  [smallPhotoTeacher]: {
    name: "MobileNetV3-Large",
    goodFor: "Photos of everyday things. Small and fast enough without a GPU.",
  },
  resnet18: {
    name: "ResNet-18",
    goodFor: "Photos of everyday things; plain features that students follow easily.",
  },
  "dinov2-small": {
    name: "DINOv2-small",
    goodFor: "Anything, also things without names: learnt without labels. Wants a GPU or patience.",
  },
};

/** The three that suit most, of those that others have published. */
export const goodTeachers: readonly GoodTeacher[] = Object.entries(chosen).flatMap(([id, facts]) => {
  const preset = teacherPresets.find((candidate) => candidate.id === id);
  return preset === undefined ? [] : [{ preset, ...facts }];
});
