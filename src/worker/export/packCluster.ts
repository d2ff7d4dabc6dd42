import type { ClusterToPack } from "../../contract/clusterExport.ts";
import { formatRunFile } from "../../contract/runFile.ts";
import { writeZip } from "../../formats/zip.ts";
import licence from "../../../LICENSE?raw";
import continuePy from "./files/continue.py?raw";
import readme from "./files/cluster.md?raw";
import { jsonFile, textFile } from "./packedFile.ts";

/** `cluster.zip`: a run as it stands, and the script that goes on with it in PyTorch. */
export async function packCluster(
  { checkpoint, networks, teacher, heldOut, run, name, note, startedAt }: ClusterToPack,
  say: (what: string) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  say("Packing");
  return writeZip([
    textFile("README.md", readme),
    textFile("continue.py", continuePy),
    { path: "checkpoint.safetensors", bytes: checkpoint },
    textFile("networks.json", networks),
    ...(teacher === null ? [] : [{ path: "teacher.safetensors", bytes: teacher }]),
    textFile("run.json", formatRunFile(run)),
    jsonFile("about.json", { name, note, startedAt }),
    ...(heldOut.length === 0 ? [] : [jsonFile("held_out.json", heldOut)]),
    textFile("LICENSE-code.txt", licence),
  ]);
}
