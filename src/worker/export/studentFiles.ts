import type { ExportPart, StudentSettings } from "../../contract/studentExport.ts";
import { writeOnnx } from "../../formats/onnxWriter.ts";
import { writeTfjsGraph } from "../../formats/tfjsWriter.ts";
import { onnxOf } from "../../ml/export/onnxOf.ts";
import { describeStudent, studentConfig } from "../../ml/export/studentConfig.ts";
import { studentFile } from "../../ml/export/studentFile.ts";
import { tfjsOf } from "../../ml/export/tfjsOf.ts";
import type { TrainedNetwork } from "../../ml/export/trainedNetwork.ts";
import licence from "../../../LICENSE?raw";
import convertPy from "./files/convert.py?raw";
import loadOnnxPy from "./files/load_onnx.py?raw";
import loadPy from "./files/load.py?raw";
import modelPy from "./files/model.py?raw";
import similarPictures from "./files/similarPictures.html?raw";
import tfjsScript from "./files/tfjs.html?raw";
import transformersJsScript from "./files/transformersjs.html?raw";
import verifyPy from "./files/verify.py?raw";
import { jsonFile, textFile, type PackedFile } from "./packedFile.ts";
import { madeBy, tfjsVersion, transformersVersion } from "./versions.ts";

/** What the files of a part are made from. */
export interface StudentSource {
  readonly trained: TrainedNetwork;
  readonly settings: StudentSettings;
  readonly withHead: boolean;
}

/** The files for whom it is packed, but for those that every zip has (`packStudent.ts`). */
export function studentFiles(source: StudentSource, parts: readonly ExportPart[]): PackedFile[] {
  const code = textFile("LICENSE-code.txt", licence);
  return [...parts.flatMap((part) => filesOfPart[part](source)), code];
}

const producer = { name: madeBy.name, version: madeBy.version };

const filesOfPart: Record<ExportPart, (source: StudentSource) => PackedFile[]> = {
  torch: (source) => {
    const { trained, settings, withHead } = source;
    const { network, state } = trained;
    const weights = (part: "encoder" | "head"): PackedFile => ({
      path: part === "encoder" ? "model.safetensors" : "head.safetensors",
      bytes: studentFile(network, state, settings, part),
    });
    return [
      weights("encoder"),
      ...(withHead && network.embedding !== network.features ? [weights("head")] : []),
      jsonFile("config.json", studentConfig(describeStudent(trained, settings), settings)),
      textFile("model.py", modelPy),
      textFile("load.py", loadPy),
      textFile("verify.py", verifyPy),
      textFile("convert.py", convertPy),
    ];
  },
  onnx: ({ trained, withHead }) => [
    { path: "model.onnx", bytes: writeOnnx(onnxOf(trained, { input: "float", withHead, producer })) },
    { path: "model-uint8.onnx", bytes: writeOnnx(onnxOf(trained, { input: "bytes", withHead, producer })) },
    textFile("load_onnx.py", loadOnnxPy),
  ],
  transformersjs: ({ trained, settings, withHead }) =>
    inFolder("transformersjs", [
      jsonFile("config.json", {
        model_type: transformersModelType(settings),
        student: describeStudent(trained, settings),
      }),
      jsonFile("preprocessor_config.json", preprocessorConfig(trained)),
      { path: "onnx/model.onnx", bytes: writeOnnx(onnxOf(trained, { input: "float", withHead, producer })) },
      pageWith("transformers.js", transformersJsScript.replace("TRANSFORMERS_VERSION", transformersVersion)),
    ]),
  tfjs: ({ trained, withHead }) =>
    inFolder("tfjs", [
      ...writeTfjsGraph(tfjsOf(trained, { withHead, generatedBy: `${madeBy.name} ${madeBy.version}` })),
      pageWith("TensorFlow.js", tfjsScript.replace("TFJS_VERSION", tfjsVersion)),
    ]),
};

/** A page that finds similar pictures. @param script loads the library, and has `loadStudent()`. */
function pageWith(library: string, script: string): PackedFile {
  return textFile(
    "index.html",
    similarPictures.replace("LIBRARY", library).replace("<!-- STUDENT -->", () => script),
  );
}

function inFolder(folder: string, files: readonly PackedFile[]): PackedFile[] {
  return files.map(({ path, bytes }) => ({ path: `${folder}/${path}`, bytes }));
}

/** transformers.js runs any of them alike, as an encoder of `pixel_values`; it warns of names that it does not know. */
function transformersModelType({ student }: StudentSettings): string {
  if (student.startsWith("mobilenet")) return "mobilenet_v3";
  return student.startsWith("efficientnet") ? "efficientnet" : "resnet";
}

/** The square in the middle, resized and normalised: what the page does with photographs. */
function preprocessorConfig({ imageSize, preprocessing }: TrainedNetwork): Record<string, unknown> {
  return {
    image_processor_type: "ViTImageProcessor",
    do_resize: true,
    size: { shortest_edge: imageSize },
    resample: 2, // bilinear
    do_center_crop: true,
    crop_size: { height: imageSize, width: imageSize },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: preprocessing.mean,
    image_std: preprocessing.std,
  };
}
