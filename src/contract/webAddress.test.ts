import fc from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "./errors.ts";
import { fileNameOf, longestAddress, parseWebAddress } from "./webAddress.ts";

test.each([
  [" https://hub.example/a/b.bin#part ", "https://hub.example/a/b.bin"],
  ["http://localhost:8000/x?y=1", "http://localhost:8000/x?y=1"],
  ["http://127.0.0.1/x", "http://127.0.0.1/x"],
  ["HTTPS://Hub.Example/A", "https://hub.example/A"],
])("%s is read as %s", (text, href) => {
  expect(parseWebAddress(text).href).toBe(href);
});

test("the page's own origin may be unencrypted, another may not", () => {
  expect(parseWebAddress("http://lab.local:90/x", "http://lab.local:90").host).toBe("lab.local:90");
  expect(() => parseWebAddress("http://lab.local:91/x", "http://lab.local:90")).toThrow(/without encryption/);
  expect(() => parseWebAddress("http://localhost.evil.example/x")).toThrow(/without encryption/);
});

test("whatever is not an address of the web is refused with words", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.webUrl()), (text) => {
      try {
        expect(parseWebAddress(text).protocol).toMatch(/^https?:$/);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
        expect((error as AppError).code).toBe("config-invalid");
      }
    }),
    { numRuns: 40 },
  );
  expect(() => parseWebAddress(`https://x.example/${"y".repeat(longestAddress)}`)).toThrow(/characters/);
});

test.each([
  ["https://x.example/a/model%20one.bin?download=1", "model one.bin"],
  ["https://x.example/", "file"],
  ["https://x.example/a%2fb%5Cc", "a_b_c"],
  ["https://x.example/%zz", "%zz"],
])("the name in %s is %s", (address, name) => {
  expect(fileNameOf(new URL(address))).toBe(name);
});
