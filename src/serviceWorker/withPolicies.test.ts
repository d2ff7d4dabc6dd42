import { expect, test } from "vitest";
import { downloadPolicy, workerPolicy } from "../contract/isolation.ts";
import { withPolicies } from "./withPolicies.ts";

const site = "https://someone.example/under/a/path/";

function passed(path: string, headers: Record<string, string>, body: string | null = "text"): Response {
  return withPolicies(new Response(body, { headers }), new URL(path, site));
}

test("a page of a host without headers is isolated, and shown in frames of its own site alone", async () => {
  const page = passed("?a=1", { "Content-Type": "text/html; charset=utf-8" });
  expect(Object.fromEntries(page.headers)).toEqual({
    "content-type": "text/html; charset=utf-8",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "frame-ancestors 'self'",
  });
  expect(await page.text()).toBe("text");
});

test("the embedded view may be shown anywhere", () => {
  const { headers } = passed("?embed=start", { "Content-Type": "text/html" });
  expect(headers.get("content-security-policy")).toBe("frame-ancestors *");
  expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
});

test("scripts bring the policy of the workers they become, that of downloads alone reaches other sites", () => {
  const policy = (path: string): string | null =>
    passed(path, { "Content-Type": "application/javascript" }).headers.get("content-security-policy");
  expect(policy("assets/entry-abc.js")).toBe(workerPolicy);
  expect(policy("assets/ort.asyncify-abc.mjs")).toBe(workerPolicy);
  expect(policy("download/downloadWorker-a_1.js")).toBe(downloadPolicy);
  expect(policy("download/downloadWorker-a_1.js?x=1")).toBe(downloadPolicy);
  expect(policy("download/notdownloadWorker-a_1.js")).toBe(workerPolicy);
  expect(passed("a.png", { "Content-Type": "image/png" }).headers.has("content-security-policy")).toBe(false);
});

test("what the host says itself stays", () => {
  const { headers } = passed("", {
    "Content-Type": "text/html",
    "Cross-Origin-Embedder-Policy": "credentialless",
    "Content-Security-Policy": "frame-ancestors 'none'",
  });
  expect(headers.get("cross-origin-embedder-policy")).toBe("credentialless");
  expect(headers.get("content-security-policy")).toBe("frame-ancestors 'none'");
});

test("an unpacked body is not announced with its packed length", () => {
  const { headers } = passed("a.js", {
    "Content-Type": "text/javascript",
    "Content-Encoding": "gzip",
    "Content-Length": "3",
  });
  expect([headers.get("content-encoding"), headers.get("content-length")]).toEqual([null, null]);
  expect(passed("a.js", { "Content-Length": "4" }).headers.get("content-length")).toBe("4");
});

test("status and emptiness stay as they are", () => {
  const response = withPolicies(new Response("no", { status: 404 }), new URL("x", site));
  expect(response.status).toBe(404);
  expect(withPolicies(new Response(null, { status: 304 }), new URL("x", site)).body).toBeNull();
});
