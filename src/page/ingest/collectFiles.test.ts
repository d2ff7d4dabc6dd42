import { describe, expect, it } from "vitest";
import { collectFromDrop, collectFromList } from "./collectFiles.ts";
import { rejectsCsv } from "./rejectsCsv.ts";

const file = (path: string): File => {
  const made = new File(["x"], path.split("/").at(-1)!);
  const relative = path.includes("/") ? path : "";
  return Object.defineProperty(made, "webkitRelativePath", { value: relative });
};

describe("collectFromList", () => {
  it.each([
    [["pets/cat/1.jpg", "pets/dog/1.jpg"], "pets"],
    [["pets.ZIP"], "pets"],
    [["1.jpg", "2.jpg"], "2 files"],
    [["image.png"], "image.png"],
  ])("names %j %s", (paths, name) => {
    const collected = collectFromList(paths.map(file));
    expect(collected.name).toBe(name);
    expect(collected.files.map(({ path }) => path)).toEqual(paths);
    expect(collected.rejects).toEqual([]);
  });
});

describe("collectFromDrop", () => {
  it("names a folder that holds nothing", async () => {
    const folder = {
      name: "holidays",
      fullPath: "/holidays",
      isFile: false,
      isDirectory: true,
      createReader: () => ({ readEntries: (resolve: (entries: []) => void) => resolve([]) }),
    };
    const items = [{ kind: "file", webkitGetAsEntry: () => folder }];
    const collected = await collectFromDrop({ items } as unknown as DataTransfer);
    expect(collected).toEqual({ name: "holidays", files: [], rejects: [] });
  });
});

describe("rejectsCsv", () => {
  it("quotes what needs it and disarms formulas", () => {
    const csv = rejectsCsv([
      { path: 'a, "b".jpg', reason: "corrupt", message: "JPEG\nbroken" },
      { path: "=1+1.jpg", reason: "too-small", message: "1 × 1 pixels" },
    ]);
    expect(csv).toBe(
      'path,reason,message\n"a, ""b"".jpg",corrupt,"JPEG\nbroken"\n\'=1+1.jpg,too-small,1 × 1 pixels\n',
    );
  });
});
