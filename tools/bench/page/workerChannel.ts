/** One request, and one reply, as they are posted. */
export interface PostedRequest {
  readonly id: number;
  readonly name: string;
  readonly body: unknown;
}
export type PostedReply =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly problem: string };

/** tfjs can put megabytes of shader into a message. */
const longestProblem = 400;

/** In a worker: answers what is asked, each by its handler. */
export function answerRequests<R extends { [K in keyof R]: { in: unknown; out: unknown } }>(handlers: {
  readonly [K in keyof R]: (body: R[K]["in"]) => Promise<R[K]["out"]>;
}): void {
  self.onmessage = async ({ data: { id, name, body } }: MessageEvent<PostedRequest>) => {
    const handler = handlers[name as keyof R];
    const reply: PostedReply = await handler(body).then(
      (result) => ({ id, result }),
      (error: unknown) => ({ id, problem: String(error).slice(0, longestProblem) }),
    );
    self.postMessage(reply);
  };
}

let lastId = 0;

/** Outside: asks a worker and waits. @throws Error with what it said. */
export function askWorker(worker: Worker, name: string, body: unknown): Promise<unknown> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    const settle = ({ data }: MessageEvent<PostedReply>): void => {
      if (data.id !== id) return;
      worker.removeEventListener("message", settle);
      if ("problem" in data) reject(new Error(data.problem));
      else resolve(data.result);
    };
    worker.addEventListener("message", settle);
    worker.addEventListener(
      "error",
      ({ message }) => reject(new Error(message || "the worker did not load")),
      {
        once: true,
      },
    );
    worker.postMessage({ id, name, body } satisfies PostedRequest);
  });
}
