import type { Config } from "../../contract/config.ts";
import { AppError } from "../../contract/errors.ts";
import { methods } from "../../contract/methods.ts";
import { writeSafetensors } from "../../formats/safetensors.ts";
import { storedTensors, studentMetadata } from "../../ml/export/studentFile.ts";
import type { Network } from "../../ml/models/network.ts";
import { saveWeights } from "../../ml/models/weights.ts";
import { NetworkTeacher } from "../../ml/teachers/networkTeacher.ts";
import type { Teacher } from "../../ml/teachers/teacher.ts";

/** The networks of a run as `continue.py` builds them. */
export interface ClusterNetworks {
  /** `networks.json`. */
  readonly networks: string;
  /** `teacher.safetensors`, in PyTorch's layouts; null without a teacher. */
  readonly teacher: Uint8Array<ArrayBuffer> | null;
}

/**
 * Student and teacher of a run, layer by layer.
 *
 * @param teacher as it was loaded, before any projection; null without one.
 * @throws AppError "config-invalid" for what `continue.py` does not do.
 */
export async function clusterNetworks(
  network: Network,
  teacher: Teacher | null,
  config: Config,
): Promise<ClusterNetworks> {
  refuseUnknown(config);
  const student = { ...described(network), metadata: studentMetadata(network, config, true) };
  if (!methods[config.method].usesTeacher || teacher === null)
    return { networks: JSON.stringify({ student, teacher: null }), teacher: null };
  if (!(teacher instanceof NetworkTeacher))
    throw new AppError(
      "config-invalid",
      `The teacher “${teacher.card.name}” runs in a runtime of its own (${teacher.card.source}), which PyTorch's script has not.`,
      { hint: "Use a teacher from PyTorch or safetensors weights, or the bundled one." },
    );
  const { preprocessing, card } = teacher;
  const about = { ...described(teacher.network), ...preprocessing, inputSize: card.inputSize };
  const state = await saveWeights(teacher.network, teacher.weights);
  return {
    networks: JSON.stringify({ student, teacher: about }),
    teacher: writeSafetensors(storedTensors(state)),
  };
}

function described({ layers, embedding }: Network) {
  return { layers, embedding };
}

function refuseUnknown({ method, nested, cachedViews }: Config): void {
  const known = method === "disco" || method === "mocov2";
  const what = !known
    ? `the method ${methods[method].label}`
    : nested === "on"
      ? "a nested embedding"
      : cachedViews > 0
        ? "stored views"
        : null;
  if (what === null) return;
  throw new AppError("config-invalid", `PyTorch's script does not go on with ${what}.`, {
    hint: "It goes on with DisCo and MoCo-v2, with new views at every step.",
  });
}
