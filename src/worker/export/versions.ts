import { dependencies, devDependencies, version } from "../../../package.json";

/** What wrote the files. */
export const madeBy = { name: "DisCo Playground", version } as const;
/** Of the libraries that the pages in the zip load: those that the exports are tested with. */
export const tfjsVersion = dependencies["@tensorflow/tfjs"];
export const transformersVersion = devDependencies["@huggingface/transformers"];
