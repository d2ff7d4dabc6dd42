import { expect, test } from "vitest";
import { buffersIn, connect, onCrash, serve, type Handlers } from "./channel.ts";
import { FakeWorker } from "./testing/fakeWorker.ts";

interface Sums {
  add: { in: { numbers: Uint8Array<ArrayBuffer> }; out: Uint8Array<ArrayBuffer> };
  wait: { in: null; out: string };
  count: { in: number; out: null };
}
interface Names {
  name: { in: null; out: string };
}

function open(handlers: Partial<Handlers<Sums>>) {
  const { port1, port2 } = new MessageChannel();
  for (const port of [port1, port2]) port.start();
  serve<Sums>(port2, handlers as Handlers<Sums>, {
    toWire: (error, signal) => (signal.aborted ? "given up" : String(error)),
    transfer: buffersIn,
  });
  const connection = connect<Sums>(port1, (wire: string) => new Error(wire));
  return { connection, port1, port2, [Symbol.dispose]: () => port1.close() };
}

test("a request is answered by its handler, and buffers are handed over both ways", async () => {
  const sums: Uint8Array<ArrayBuffer>[] = [];
  using end = open({
    add: async ({ numbers }) => {
      sums.push(Uint8Array.of(numbers.reduce((sum, number) => sum + number, 0)));
      return sums[0]!;
    },
  });
  const numbers = Uint8Array.of(1, 2, 3);
  const answer = end.connection.request("add", { numbers }, { transfer: buffersIn({ numbers }) });
  expect(end.connection.pending).toBe(1);
  expect(await answer).toEqual(Uint8Array.of(6));
  expect([numbers.length, sums[0]!.length, end.connection.pending]).toEqual([0, 0, 0]);
});

test("an error crosses, and so does one of a message that cannot be sent", async () => {
  using end = open({ wait: () => Promise.reject(new Error("no")) });
  await expect(end.connection.request("wait", null)).rejects.toThrow("Error: no");
  await expect(end.connection.request("wait", (() => 0) as never)).rejects.toThrow(/clone/);
  expect(end.connection.pending).toBe(0);
});

test("an answer is awaited also when it is no longer wanted", async () => {
  const controller = new AbortController();
  using end = open({
    wait: (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
  });
  const answer = end.connection.request("wait", null, { signal: controller.signal });
  controller.abort();
  await expect(answer).rejects.toThrow("given up");
});

test("progress comes before the answer", async () => {
  using end = open({
    count: async (to, { onProgress }) => {
      for (let i = 1; i <= to; i++) onProgress(i);
      return null;
    },
  });
  const heard: number[] = [];
  await end.connection.request("count", 3, { onProgress: (i: number) => heard.push(i) });
  expect(heard).toEqual([1, 2, 3]);
});

test("both ends may ask, with the same numbers, and say other things", async () => {
  using end = open({ wait: async () => "answer" });
  serve<Names>(end.port1, async () => "the first", { toWire: String });
  const back = connect<Names>(end.port2, (wire: string) => new Error(wire));
  end.port1.postMessage({ ping: true });
  expect(await Promise.all([end.connection.request("wait", null), back.request("name", null)])).toEqual([
    "answer",
    "the first",
  ]);
});

test("once closed it rejects what is under way and what is asked later", async () => {
  using end = open({ wait: () => new Promise(() => undefined) });
  const answer = end.connection.request("wait", null);
  end.connection.close(new Error("ended"));
  end.connection.close(new Error("again"));
  await expect(answer).rejects.toThrow("ended");
  await expect(end.connection.request("wait", null)).rejects.toThrow("ended");
});

test("a worker that fails is told of", () => {
  const worker = new FakeWorker();
  const heard: string[] = [];
  onCrash(worker, (reason) => heard.push(reason));
  worker.crash("");
  worker.crash("out of memory");
  worker.dispatchEvent(new Event("messageerror"));
  expect(heard).toEqual(["its program could not be loaded", "out of memory", "a message could not be read"]);
});
