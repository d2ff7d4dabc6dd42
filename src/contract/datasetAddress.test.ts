import { expect, test } from "vitest";
import { formatDatasetAddress, parseDatasetAddress } from "./datasetAddress.ts";

const hub = "https://huggingface.co";

test.each([
  ["uoft-cs/cifar10", hub, "uoft-cs/cifar10", null, null],
  [" https://huggingface.co/datasets/uoft-cs/cifar10/ ", hub, "uoft-cs/cifar10", null, null],
  ["https://huggingface.co/datasets/mnist", hub, "mnist", null, null],
  ["https://huggingface.co/datasets/mnist/viewer/mnist/test", hub, "mnist", "mnist", "test"],
  ["https://huggingface.co/datasets/a/b/viewer/plain_text/train?row=3", hub, "a/b", "plain_text", "train"],
  ["https://huggingface.co/datasets/a/b/tree/main/data", hub, "a/b", null, null],
  ["https://hub.example/datasets/a/b?config=x%20y&split=train", "https://hub.example", "a/b", "x y", "train"],
  ["http://127.0.0.1:8000/datasets/a/b", "http://127.0.0.1:8000", "a/b", null, null],
])("%s is a data set", (text, origin, name, config, split) => {
  const address = parseDatasetAddress(text);
  expect(address).toEqual({ origin, name, config, split });
  expect(parseDatasetAddress(formatDatasetAddress(address!))).toEqual(address);
});

test.each([
  "https://example.org/pictures.zip",
  "https://huggingface.co/microsoft/resnet-50",
  "https://huggingface.co/datasets/a/b/resolve/main/data/x.parquet",
  "https://huggingface.co/datasets/a/b/blob/main/x.zip",
  "just words",
  "../../etc",
  "a/b/c",
  "",
])("%s is none", (text) => expect(parseDatasetAddress(text)).toBeNull());

test("addresses that are not loaded from are refused", () => {
  expect(() => parseDatasetAddress("http://huggingface.co/datasets/a/b")).toThrow("without encryption");
  expect(() => parseDatasetAddress("https://me:pw@huggingface.co/datasets/a/b")).toThrow("password");
  expect(() => parseDatasetAddress("https://huggingface.co/datasets/a/b/viewer/%E0/x")).toThrow("%");
});
