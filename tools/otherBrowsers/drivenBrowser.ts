/** A browser as the smoke journey drives it, whatever protocol is behind. */
export interface DrivenBrowser {
  /** "Firefox 153.8". */
  readonly name: string;
  open(url: string): Promise<void>;
  /** The value of an expression in the page; a promise is waited for. JSON only. */
  evaluate(expression: string): Promise<unknown>;
  /** A click as a visitor's, on what has this test id. */
  click(testId: string): Promise<void>;
  screenshot(file: string): Promise<void>;
  close(): Promise<void>;
}

/** A browser that is not to be had here, with the reason in its message. */
export class NotToBeHad extends Error {
  override readonly name = "NotToBeHad";
}
