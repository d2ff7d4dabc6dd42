import { createStore } from "zustand/vanilla";
import { visibleText } from "../../lib/visibleText.ts";
import { AppError, toWire } from "../../contract/errors.ts";

/** Something a person should know, in words; stays until dismissed. */
export interface Notice {
  readonly id: number;
  readonly kind: "error" | "info";
  readonly message: string;
  /** The next move; empty when there is none. */
  readonly hint: string;
  readonly details: readonly string[];
}

interface NoticeState {
  readonly notices: readonly Notice[];
}

const mostNotices = 8;

export const noticeStore = createStore<NoticeState>(() => ({ notices: [] }));

let lastId = 0;

/** Shows a notice. The same message shown again replaces the older one. */
export function notify(
  kind: Notice["kind"],
  message: string,
  more: { hint?: string | undefined; details?: readonly string[] | undefined } = {},
): void {
  const shown = visibleText(message);
  const notice: Notice = {
    id: ++lastId,
    kind,
    message: shown,
    hint: more.hint ?? "",
    details: (more.details ?? []).map(visibleText),
  };
  noticeStore.setState(({ notices }) => ({
    notices: [...notices.filter((other) => other.message !== shown), notice].slice(-mostNotices),
  }));
}

/** Shows whatever was thrown. What the visitor cancelled is no news. */
export function notifyError(error: unknown): void {
  if (error instanceof AppError && error.code === "cancelled") return;
  const wire = toWire(error);
  notify("error", wire.message, { hint: wire.hint, details: wire.details });
}

export function dismissNotice(id: number): void {
  noticeStore.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}
