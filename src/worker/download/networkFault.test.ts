import { afterEach, expect, test, vi } from "vitest";
import { brokenOff, noAnswer, refusedWith } from "./networkFault.ts";

afterEach(() => void vi.unstubAllGlobals());

const url = new URL("https://hub.example/model.bin");
const failed = new TypeError("Failed to fetch");

test("offline is told apart from a site that refuses, but not on this machine itself", () => {
  vi.stubGlobal("navigator", { onLine: false });
  expect(noAnswer(url, failed).error).toMatchObject({
    code: "network-offline",
    message: "This machine is offline, so hub.example cannot be reached.",
  });
  expect(brokenOff(url, failed)).toMatchObject({ mayPass: false, error: { code: "network-offline" } });
  expect(noAnswer(new URL("http://127.0.0.1:80/x"), failed).error.code).toBe("network-blocked");
  vi.stubGlobal("navigator", { onLine: true });
  expect(noAnswer(url, failed).error.code).toBe("network-blocked");
  expect(brokenOff(url, failed)).toMatchObject({ mayPass: true, error: { code: "network-failed" } });
});

test.each([
  [401, false],
  [403, false],
  [404, false],
  [410, false],
  [418, false],
  [429, true],
  [500, true],
  [503, true],
])("status %i is named with a next move; trying again helps: %s", (status, mayPass) => {
  const fault = refusedWith(url, status, null);
  expect(fault).toMatchObject({ mayPass, status, waitMs: 0 });
  expect(fault.error.message).toContain(`hub.example answers ${status}: `);
  expect(fault.error.hint).toMatch(/\.$/);
});

test("a wait that the site asks for is kept", () => {
  expect(refusedWith(url, 429, "7")).toMatchObject({
    waitMs: 7000,
    error: { hint: expect.stringContaining("7 seconds") as string },
  });
  expect(refusedWith(url, 429, "Wed, 21 Oct 2026 07:28:00 GMT").waitMs).toBe(0);
});
