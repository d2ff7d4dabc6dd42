import { ablationAxisNames, parseAxisValues, type AblationDesign } from "./ablationDesign.ts";

/** Neither stands in a number or a name, and addresses carry both as they are. */
const betweenParts = "~";
const betweenValues = "_";

const options = { teacherless: "withTeacherless", early: "stopsHopeless" } as const;

/** A design as a link carries it: what is varied, values, seeds, steps, options: `hiddenWidth~8_64~1_2_3~200~early`. */
export function formatDesign(design: AblationDesign): string {
  const { axis, values, seeds, steps } = design;
  const chosen = Object.entries(options).flatMap(([word, name]) => (design[name] ? [word] : []));
  return [axis, values.join(betweenValues), seeds.join(betweenValues), String(steps), ...chosen].join(
    betweenParts,
  );
}

/** Reads what `formatDesign` or a person wrote. */
export function parseDesign(
  text: string,
): { readonly design: AblationDesign } | { readonly problem: string } {
  const [name = "", values = "", seeds = "", steps = "", ...words] = text.split(betweenParts);
  const axis = ablationAxisNames.find((known) => known === name);
  if (axis === undefined) return { problem: "varies nothing that can be varied" };
  const read = {
    values: parseAxisValues(axis, partsOf(values)),
    seeds: parseAxisValues("seed", partsOf(seeds)),
    steps: parseAxisValues("steps", partsOf(steps)),
  };
  for (const [what, parsed] of Object.entries(read))
    if ("problem" in parsed) return { problem: `${what}: ${parsed.problem}` };
  if ("problem" in read.values || "problem" in read.seeds || "problem" in read.steps)
    return { problem: "is no design" };
  if (read.steps.values.length !== 1) return { problem: "steps: is more than one number" };
  if (words.some((word) => !Object.hasOwn(options, word)))
    return { problem: `options: are none of ${Object.keys(options).join(", ")}` };
  return {
    design: {
      axis,
      values: read.values.values,
      seeds: read.seeds.values.map(Number),
      steps: Number(read.steps.values[0]),
      withTeacherless: words.includes("teacherless"),
      stopsHopeless: words.includes("early"),
    },
  };
}

function partsOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(betweenValues);
}
