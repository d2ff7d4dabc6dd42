import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import type { EngineClient } from "../engine/engineClient.ts";
import { EngineContext } from "../engine/EngineContext.tsx";
import { beginRun, runStore } from "../stores/runStore.ts";
import { onVerdict, presentVerdict } from "../verdict/verdictWatch.ts";
import { VerdictCard } from "./VerdictCard.tsx";

test("the card has headline, evidence, advice and a button that says what it sets", async () => {
  beginRun("shown", { ...defaultConfig, teacher: "none" });
  const error = { code: "config-invalid", message: "DisCo needs a teacher", hint: "Choose one." } as const;
  runStore.setState({ state: "ended", end: { kind: "failed", error } });
  const stop = onVerdict(() => undefined); // the rules are fetched for whoever listens
  await vi.waitFor(() => expect(presentVerdict().kind).toBe("failed"));
  const engine = {} as EngineClient;
  const card = renderToStaticMarkup(
    createElement(EngineContext.Provider, { value: engine }, createElement(VerdictCard)),
  );
  expect(card).toContain("It could not start");
  expect(card).toContain("DisCo needs a teacher");
  expect(card).toContain("Choose one.");
  expect(card).toContain("Set Method to MoCo-v2 (no teacher)");
  stop();
  expect(card).toMatch(/role="status"[^>]*><\/p>/); // nothing is announced of what was there before
});
