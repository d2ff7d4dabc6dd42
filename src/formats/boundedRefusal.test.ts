import { describe, expect, it } from "vitest";
import { AppError } from "../contract/errors.ts";
import { boundedRefusal } from "./boundedRefusal.ts";

describe("boundedRefusal", () => {
  it("cuts lists and texts with their counts, and escapes them", () => {
    const details = Array.from({ length: 1000 }, () => `\u202e${"n".repeat(1000)}`);
    const error = boundedRefusal(new AppError("file-refused", "m".repeat(5000), { details })) as AppError;
    expect(error.message).toBe(`${"m".repeat(2000)}… (5000 characters)`);
    expect(error.details).toHaveLength(201);
    expect(error.details[0]).toBe(`\\u202E${"n".repeat(294)}… (1001 characters)`);
    expect(boundedRefusal(error)).toEqual(error); // what is cut once stays as it is
    expect(error.details.at(-1)).toBe("and 800 more");
  });

  it("keeps lines, hints and causes", () => {
    const cause = new Error("x");
    const error = boundedRefusal(new AppError("not-found", "a\nb", { hint: "h\u0007", cause })) as AppError;
    expect(error).toMatchObject({ code: "not-found", message: "a\nb", hint: "h\\u0007", details: [], cause });
  });

  it("makes a refusal of what ran out of stack or memory, and leaves our own faults", () => {
    expect(boundedRefusal(new RangeError("Maximum call stack size exceeded"))).toMatchObject({
      code: "file-refused",
    });
    const fault = new TypeError("x");
    expect(boundedRefusal(fault)).toBe(fault);
  });
});
