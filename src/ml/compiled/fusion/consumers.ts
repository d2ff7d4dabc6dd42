import { inputsOf, type Layer, type LayerIndex } from "../../models/network.ts";

/** For each layer the layers that read its result. */
export function consumersOf(layers: readonly Layer[]): readonly (readonly LayerIndex[])[] {
  const consumers: LayerIndex[][] = layers.map(() => []);
  layers.forEach((layer, index) => {
    for (const input of inputsOf(layer)) consumers[input]?.push(index);
  });
  return consumers;
}
