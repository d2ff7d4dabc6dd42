import { poolings, type TeacherCard, type TeacherInspection } from "../../contract/teacher.ts";
import type { Fact } from "../widgets/FactList.tsx";
import { formatBytes, formatCount } from "../widgets/formatNumbers.ts";

/** What is worth knowing of a teacher that is loaded. @param matching what the student is matched with; may be "". */
export function factsOfCard(card: TeacherCard, matching: string): readonly Fact[] {
  return [
    { term: "Name", text: card.name },
    ...networkFacts(card, null),
    ...(matching === "" ? [] : [{ term: "Matched", text: matching }]),
    { term: "Size", text: `${formatCount(card.parameters)} parameters, ${formatBytes(card.bytes)}` },
    ...card.notes.map((text) => ({ term: "Note", text })),
  ];
}

/** What is worth knowing of files that may become the teacher; their name and size stand above. */
export function factsOfInspection(inspection: TeacherInspection): readonly Fact[] {
  const { format, layout, card, stages, inputs, outputs, notes, tensors, elements } = inspection;
  return [
    { term: "Format", text: format },
    ...(layout === null ? [] : [{ term: "Layout", text: layout }]),
    ...(card === null ? [] : networkFacts(card, stages)),
    ...inputs.map((text) => ({ term: "Takes", text })),
    ...outputs.map((text) => ({ term: "Gives", text })),
    ...(card === null ? [] : [{ term: "Parameters", text: formatCount(card.parameters) }]),
    ...(tensors.count === 0
      ? []
      : [
          {
            term: "Tensors",
            text: `${tensors.count.toLocaleString("en")}, ${formatCount(elements)} numbers`,
          },
        ]),
    ...notes.filter((note) => note !== layout).map((text) => ({ term: "Note", text })),
  ];
}

function networkFacts(card: TeacherCard, stages: string | null): readonly Fact[] {
  return [
    { term: "Network", text: card.architecture },
    ...(stages === null ? [] : [{ term: "Stages", text: stages }]),
    { term: "Head", text: card.head },
    {
      term: "Embedding",
      text:
        card.recipe?.output === undefined
          ? `${card.embeddingDim} dimensions, from ${card.featureDim} features`
          : `${card.embeddingDim} dimensions${card.recipe.pooling === undefined ? "" : `, ${poolings[card.recipe.pooling]}`}`,
    },
    { term: "Input", text: `${card.inputSize} px, ${card.preprocessing}` },
  ];
}
