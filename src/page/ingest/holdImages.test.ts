import { describe, expect, it } from "vitest";
import { writeZip } from "../../formats/zip.ts";
import { holdImages } from "./holdImages.ts";

const holds = (name: string, content: string | Uint8Array<ArrayBuffer>): Promise<boolean> =>
  holdImages([{ path: `set/${name}`, file: new File([content], name) }]);

describe("holdImages", () => {
  it("goes by names, and by content where these say nothing", async () => {
    expect(await holds("1.JPG", "")).toBe(true);
    expect(await holds("set.zip", "")).toBe(true);
    expect(await holds("noext", await writeZip([{ path: "1.png", bytes: "" }]))).toBe(true);
    expect(await holds("n02084071_1", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe(true);
    expect(await holds("README.md", "# Pictures")).toBe(false);
    expect(await holds("empty", "")).toBe(false);
    expect(await holdImages([])).toBe(false);
  });
});
