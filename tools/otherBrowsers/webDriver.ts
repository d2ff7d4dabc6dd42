/** As much of the W3C's WebDriver as the smoke journey needs. */
import { z } from "../../src/formats/zod.ts";

const answerSchema = z.object({ value: z.unknown() });
const faultSchema = z.object({ error: z.string(), message: z.string() });
const sessionSchema = z.object({
  sessionId: z.string(),
  capabilities: z.object({ browserName: z.string(), browserVersion: z.string() }),
});
/** The key under which the protocol hands an element out. */
const elementKey = "element-6066-11e4-a52e-4f735466cecf";

export class WebDriver {
  readonly #url: string;
  readonly browser: string;

  private constructor(url: string, browser: string) {
    this.#url = url;
    this.browser = browser;
  }

  /** @throws Error what the driver says. */
  static async connect(driverUrl: string, capabilities: object): Promise<WebDriver> {
    const opened = await send("POST", `${driverUrl}/session`, {
      capabilities: { alwaysMatch: capabilities },
    });
    const { sessionId, capabilities: got } = sessionSchema.parse(opened);
    return new WebDriver(`${driverUrl}/session/${sessionId}`, `${got.browserName} ${got.browserVersion}`);
  }

  async open(url: string): Promise<void> {
    await this.#post("url", { url });
  }

  evaluate(expression: string): Promise<unknown> {
    const script = `const done = arguments[0];
      Promise.resolve().then(() => (${expression})).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    return this.#post("execute/async", { script, args: [] }).then((answer) => {
      const { value, error } = answer as { value?: unknown; error?: string };
      if (error !== undefined) throw new Error(error);
      return value;
    });
  }

  async click(selector: string): Promise<void> {
    const found = await this.#post("element", { using: "css selector", value: selector });
    const id = (found as Record<string, string>)[elementKey];
    if (id === undefined) throw new Error(`there is no ${selector}`);
    await this.#post(`element/${id}/click`, {});
  }

  /** @returns PNG. */
  async screenshot(): Promise<Buffer> {
    return Buffer.from(String(await send("GET", `${this.#url}/screenshot`)), "base64");
  }

  async close(): Promise<void> {
    await send("DELETE", this.#url);
  }

  #post(path: string, body: object): Promise<unknown> {
    return send("POST", `${this.#url}/${path}`, body);
  }
}

/** A browser that says nothing for so long has hung. */
const limitMs = 90_000;

async function send(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(limitMs),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  const { value } = answerSchema.parse(await response.json());
  if (response.ok) return value;
  const { error, message } = faultSchema.parse(value);
  throw new Error(`${error}: ${message}`);
}
