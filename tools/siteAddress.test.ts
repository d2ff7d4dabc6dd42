import { afterEach, expect, test, vi } from "vitest";
import { siteAddress } from "./siteAddress.ts";

const html = '<meta property="og:image" content="./social-preview.png" />';
const transform = siteAddress.transformIndexHtml as unknown as (page: string) => unknown;
afterEach(() => void vi.unstubAllEnvs());

test("without an address the page stays as it is", () => {
  vi.stubEnv("SITE_URL", "");
  expect(transform(html)).toBe(html);
});

test("with one, other sites find the preview image, whatever ends the address", () => {
  for (const address of ["https://someone.example/playground", "https://someone.example/playground/"]) {
    vi.stubEnv("SITE_URL", address);
    expect(transform(html)).toMatchObject({
      html: '<meta property="og:image" content="https://someone.example/playground/social-preview.png" />',
      tags: [{ attrs: { content: "https://someone.example/playground/" } }],
    });
  }
});

test("what is no web address fails the build", () => {
  vi.stubEnv("SITE_URL", "javascript:alert(1)");
  expect(() => transform(html)).toThrow("no web address");
});
