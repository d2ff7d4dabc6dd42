import card from "./teacher.json";

/**
 * What a visitor should know of the bundled teacher, read from the card that its recipe wrote
 * (`tools/pretrain/pretrain.py`): how it was made, how good it is on images it has not seen, what it is not for.
 */
export function bundledTeacherNotes(): readonly string[] {
  const { training, evaluation, untrained, notFor } = card;
  const { natural, demo } = evaluation;
  const count = (value: number): string => value.toLocaleString("en");
  return [
    `Made by MoCo-v2, without labels, from ${count(training.naturalImages)} images of CIFAR-10 (${training.naturalEpochs} epochs) and ${count(training.drawnImages)} drawn pictures like those of the demo set (${training.drawnEpochs} epochs).`,
    `On images it has not seen, kNN finds the class of ${percent(natural.features["knn k=200 T=0.1"])} of CIFAR-10 (untrained ${percent(untrained.naturalKnn)}) and of ${percent(demo.features["knn k=20 T=0.07"])} of the demo set (untrained ${percent(untrained.demoKnn)}); a linear probe, ${percent(natural.features.linearProbe)} and ${percent(demo.features.linearProbe)}.`,
    notFor,
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
