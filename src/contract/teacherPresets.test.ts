import { expect, test } from "vitest";
import { teacherPresets } from "./teacherPresets.ts";
import { parseWebAddress } from "./webAddress.ts";

test("ids and addresses are unique, addresses are encrypted and fit a link", () => {
  expect(new Set(teacherPresets.map(({ id }) => id)).size).toBe(teacherPresets.length);
  expect(new Set(teacherPresets.map(({ address }) => address)).size).toBe(teacherPresets.length);
  for (const { address } of teacherPresets) {
    expect(parseWebAddress(address).href).toBe(address);
    expect(address).toMatch(/^https:/);
  }
});

test("a hash is whole or not given, and a name fits what the file is", () => {
  const endings = {
    safetensors: /\.safetensors$/,
    pytorch: /\.pth(\.tar)?$/,
    tfjs: /\/model\.json$/,
    onnx: /\.onnx$/,
  };
  for (const { address, format, sha256 } of teacherPresets) {
    expect(address).toMatch(endings[format]);
    if (sha256 !== null) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  }
});
