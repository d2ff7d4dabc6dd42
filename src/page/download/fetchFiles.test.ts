import { expect, test } from "vitest";
import { shardAddresses } from "./fetchFiles.ts";

function modelJson(...paths: string[]): ArrayBuffer {
  const model = { modelTopology: {}, weightsManifest: [{ paths, weights: [] }] };
  return new TextEncoder().encode(JSON.stringify(model)).buffer;
}
const model = new URL("https://hub.example/models/net/model.json?format=file");

test("weight files lie beside model.json, and are asked for as it was", () => {
  const addresses = shardAddresses(model, modelJson("group1-shard1of2", "sub/a b#1.bin"));
  expect(addresses.map(String)).toEqual([
    "https://hub.example/models/net/group1-shard1of2?format=file",
    "https://hub.example/models/net/sub/a%20b%231.bin?format=file",
  ]);
});

test.each(["../other.bin", "/etc/passwd", "a/../../b", "..\\x"])(
  "a model.json cannot send the page elsewhere: %s",
  (path) => {
    expect(() => shardAddresses(model, modelJson(path))).toThrow(/outside its folder/);
  },
);

test("what looks like an address stays a name in the folder", () => {
  for (const path of ["https://evil.example/x", "//evil.example/x", "%2e%2e/x"]) {
    try {
      const [address] = shardAddresses(model, modelJson(path));
      expect(address?.href.startsWith("https://hub.example/models/net/")).toBe(true);
    } catch (error) {
      expect(String(error)).toMatch(/outside its folder/);
    }
  }
});

test("a model is known by what its JSON file says, whatever that is called", () => {
  const named = new URL("https://hub.example/models/my-model.json");
  expect(shardAddresses(named, modelJson("my-model.weights.bin")).map(String)).toEqual([
    "https://hub.example/models/my-model.weights.bin",
  ]);
  const settings = new TextEncoder().encode('{"hidden_size": 768}').buffer;
  expect(shardAddresses(named, settings)).toEqual([]);
  expect(() => shardAddresses(model, settings)).toThrow(/not that of a TensorFlow.js model/);
});
