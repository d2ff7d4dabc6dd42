import { expect, it } from "vitest";
import type { InspectedTensor } from "../../contract/teacher.ts";
import { filterTensors } from "./filterTensors.ts";

const tensors: readonly InspectedTensor[] = [
  { name: "module.conv1.weight", dtype: "float32", shape: [64, 3, 7, 7], use: "conv1.weight" },
  { name: "module.bn1.bias", dtype: "float16", shape: [64], use: "bn1.bias" },
  { name: "queue", dtype: "float32", shape: [128, 65536], use: "not used: MoCo's queue of keys" },
];
const found = (query: string): number[] =>
  filterTensors(tensors, query).map((tensor) => tensors.indexOf(tensor));

it("finds tensors by words of their name, type, shape and use", () => {
  expect(found("")).toEqual([0, 1, 2]);
  expect(found("  MODULE ")).toEqual([0, 1]);
  expect(found("float32 conv")).toEqual([0]);
  expect(found("not used")).toEqual([2]);
  expect(found("float16 conv")).toEqual([]);
  expect(found("[64,")).toEqual([0]);
  expect(found("64, 3, 7")).toEqual([0]);
  expect(found("[64]")).toEqual([1]);
});
