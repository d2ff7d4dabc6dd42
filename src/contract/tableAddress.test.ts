import { expect, test } from "vitest";
import { formatTableAddress, parseTableAddress } from "./tableAddress.ts";

const nothing = { images: null, imageColumn: null, labelColumn: null };

test("a parquet file, or the page that shows it", () => {
  const file = "https://huggingface.co/datasets/a/b/resolve/main/data/x-0.parquet";
  expect(parseTableAddress(file)).toEqual({ place: { file }, ...nothing });
  expect(parseTableAddress(file.replace("resolve", "blob"))).toEqual({ place: { file }, ...nothing });
  const signed = "https://example.org/x.PARQUET?a=1%2B2&Expires=3";
  expect(parseTableAddress(signed)?.place).toEqual({ file: signed });
  expect(parseTableAddress("https://example.org/x.zip")).toBeNull();
  expect(parseTableAddress("nonsense")).toBeNull();
});

test("what is taken comes back, and is not part of what is asked for", () => {
  const dataset = { origin: "https://huggingface.co", name: "a/b", config: "x", split: "train" };
  for (const place of [dataset, { file: "https://example.org/x.parquet?a=1" }]) {
    const address = { place, images: 500, imageColumn: "im g", labelColumn: "" };
    const text = formatTableAddress(address);
    expect(text).toContain("table.images=500");
    expect(parseTableAddress(text)).toEqual(address);
  }
});

test("numbers that are none are left out", () => {
  for (const images of ["0", "-3", "1.5", "many", ""])
    expect(parseTableAddress(`https://example.org/x.parquet?table.images=${images}`)?.images).toBeNull();
  expect(parseTableAddress("https://example.org/x.parquet?table.images=9999999")?.images).toBe(200_000);
});
