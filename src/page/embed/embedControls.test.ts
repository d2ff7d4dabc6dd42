import { expect, test } from "vitest";
import { readEmbed } from "./embedControls.ts";

test("without the word there is the full page, but in a frame of another site", () => {
  expect(readEmbed("", false)).toBeNull();
  expect(readEmbed("?view=runs", false)).toBeNull();
  expect(readEmbed("", true)).toEqual({ buttons: ["start", "pause"], settings: [], unknown: [] });
});

test("buttons and settings are those that are named, in an order of their own", () => {
  expect(readEmbed("?embed=width,pause,start,temperature", false)).toEqual({
    buttons: ["start", "pause"],
    settings: ["hiddenWidth", "temperature"],
    unknown: [],
  });
  expect(readEmbed("?embed", false)?.buttons).toEqual(["start", "pause"]);
  expect(readEmbed("?embed=method", true)?.buttons).toEqual([]);
});

test("what cannot be had there is told, not dropped in silence", () => {
  const controls = readEmbed("?embed=start,data,<b>,steps,batchSize,seed,queueSize", false);
  expect(controls?.settings).toEqual(["steps", "batchSize", "seed"]);
  expect(controls?.unknown).toEqual(["data", "<b>", "queueSize"]);
});
