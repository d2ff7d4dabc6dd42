import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileKindOf, isSystemFile, zipKindOf } from "./fileKind.ts";
import { dictionaryOf, pickle } from "./testing/torchWriter.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const kind = (text: string, name = "file"): string => fileKindOf(bytes(text), name).kind;

describe("fileKindOf", () => {
  it.each([
    ["\x1f\x8b\x08\x00", "archive", /gzip/],
    ["7z\xbc\xaf\x27\x1c\x00", "archive", /7z/],
    [`${"\0".repeat(257)}ustar`, "archive", /tar/],
    ["PK\x03\x04", "zip", /zip/],
    ["\n  <!DOCTYPE html><html>", "web-page", /web page/],
    ["<?xml version='1.0'?><Error>", "web-page", /XML/],
    ["<?xml version='1.0'?>\n<svg xmlns=", "image", /SVG/],
    ["\x89PNG\r\n\x1a\n", "image", /PNG/],
    ["RIFF\x10\0\0\0WEBPVP8 ", "image", /WebP/],
    ["\0\0\0\x20ftypmp42", "video", /video/],
    ["PAR1\x15\x04", "parquet", /parquet/],
    ["\x89HDF\r\n\x1a\n", "other", /HDF5/],
    ['{"format": "layers-model"', "json", /JSON/],
    ["\x93NUMPY\x01", "other", /NumPy/],
    ["", "empty", /empty/],
    ["hello", "unknown", /known/],
  ])("knows %j", (head, expected, what) => {
    const found = fileKindOf(bytes(head), "file");
    expect(found.kind).toBe(expected);
    expect(found.what).toMatch(what);
  });

  it("says where pictures and weights belong", () => {
    expect(fileKindOf(bytes("\xff\xd8\xff\xe0"), "a.pth")).toMatchObject({
      panel: "data",
      hints: { teacher: expect.stringContaining("under Data") as string },
    });
    expect(fileKindOf(bytes('\x10\0\0\0\0\0\0\0{"a"'), "a.jpg")).toMatchObject({
      kind: "safetensors",
      panel: "teacher",
      hints: { data: expect.stringContaining("under Teacher") as string },
    });
  });

  it("names raw weights by their file's name, where the content says nothing", () => {
    const noise = bytes("\x80\x02\x11\x3f\x99\x00\x3d\xbd".repeat(40));
    expect(fileKindOf(noise, "my-model.weights.bin").what).toContain("raw weights");
    expect(fileKindOf(noise, "group1-shard1of2.bin").panel).toBe("teacher");
    expect(fileKindOf(noise, "photo").what).not.toContain("raw weights");
  });

  it("takes a pickle for one, and no noise that begins like it", () => {
    const real = pickle(dictionaryOf({ epoch: 3, names: ["a", "b"] }));
    expect(fileKindOf(real, "a.pkl").kind).toBe("pickle");
    expect(fileKindOf(real.subarray(0, 30), "a.pkl", 1000).kind).toBe("pickle");
    let taken = 0;
    const noise = fc.uint8Array({ minLength: 200, maxLength: 1022 });
    for (const tail of fc.sample(noise, 2000))
      if (fileKindOf(Uint8Array.of(0x80, 2, ...tail), "weights.bin").kind === "pickle") taken++;
    expect(taken).toBeLessThan(60);
  });

  it("has an answer for every beginning", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1024 }), fc.string(), (head, name) => {
        expect(fileKindOf(head, name).hints.teacher).not.toBe("");
      }),
    );
    expect(kind("PK")).toBe("unknown");
  });
});

describe("zipKindOf", () => {
  it.each([
    [["archive/data.pkl", "archive/data/0"], "pytorch-zip"],
    [["web/model.json", "web/group1-shard1of1.bin"], "tfjs-zip"],
    [["metadata.json", "config.json", "model.weights.h5"], "other"],
    [["[Content_Types].xml", "word/document.xml"], "other"],
    [["cats/1.jpg"], "zip"],
  ])("tells %j", (paths, expected) => {
    expect(zipKindOf(paths).kind).toBe(expected);
  });
});

describe("isSystemFile", () => {
  it("is told by any part of the path", () => {
    expect([".DS_Store", "a/.git/config", "__MACOSX/._a", "a/Thumbs.db"].every(isSystemFile)).toBe(true);
    expect(["a.b", "a/model.bin"].some(isSystemFile)).toBe(false);
  });
});
