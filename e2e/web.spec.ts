/** Teachers and images from other sites, by a server that does what the hubs do. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openZip, writeZip } from "../src/formats/zip.ts";
import { repositoryRoot } from "../tools/build.ts";
import { startHub, type Hub } from "../tools/testing/hub.ts";
import { writeSafetensors } from "../src/formats/safetensors.ts";
import { namedEncoder } from "../src/ml/models/encoder.ts";
import { tensorsOf } from "../src/ml/testing/torchCheckpoint.ts";
import { openWebForm } from "../tools/openStation.ts";
import { drawPicture } from "./testImages.ts";
import { expect, test, type Playground } from "./playground.ts";

/** A ResNet-18 of width 4 by torchvision's names, classifier included. */
function resnetFile(): Uint8Array {
  const network = namedEncoder("resnet18", "imagenet", 4, null);
  const classifier = [
    { name: "fc.weight", shape: [10, 32] },
    { name: "fc.bias", shape: [10] },
  ];
  return writeSafetensors(
    [...tensorsOf(network), ...classifier].map(({ name, shape }, k) => {
      const length = shape.reduce((a, b) => a * b, 1);
      const values = Float32Array.from({ length }, (_, i) =>
        name.endsWith("running_var") ? 1 : 0.1 * Math.sin(i * 12.9898 + k),
      );
      return { name, shape, values };
    }),
  );
}

let hub: Hub;
test.beforeEach(async () => {
  hub = await startHub(
    new Map<string, Uint8Array>([
      ["model.safetensors", resnetFile()],
      ...(await tfjsModel()),
      ["pictures.zip", await pictures()],
    ]),
  );
});
test.afterEach(() => hub.close());

/** A real export of Teachable Machine where there is one, else a convolution and a pooling. */
async function tfjsModel(): Promise<readonly (readonly [string, Uint8Array])[]> {
  const exported = join(repositoryRoot, "..", "shared", "data", "teachable-machine-mobilenet.zip");
  if (existsSync(exported)) {
    const { entries } = await openZip(new Uint8Array(readFileSync(exported)));
    return Promise.all(
      entries.map(async (entry) => [entry.path.slice(entry.path.lastIndexOf("/") + 1), await entry.read()]),
    );
  }
  const convolution = {
    name: "conv",
    filters: 8,
    kernel_size: [3, 3],
    strides: [2, 2],
    padding: "same",
    data_format: "channels_last",
    activation: "relu",
    use_bias: true,
    batch_input_shape: [null, 32, 32, 3],
  };
  const layers = [
    { class_name: "Conv2D", config: convolution },
    { class_name: "GlobalAveragePooling2D", config: { name: "pool", data_format: "channels_last" } },
  ];
  const weights = [
    { name: "conv/kernel", shape: [3, 3, 3, 8], dtype: "float32" },
    { name: "conv/bias", shape: [8], dtype: "float32" },
  ];
  const model = {
    format: "layers-model",
    modelTopology: { class_name: "Sequential", config: { name: "small", layers } },
    weightsManifest: [{ paths: ["weights.bin"], weights }],
  };
  const values = Float32Array.from({ length: 3 * 3 * 3 * 8 + 8 }, (_, i) => 0.3 * Math.sin(i * 12.9898));
  return [
    ["model.json", new TextEncoder().encode(JSON.stringify(model))],
    ["weights.bin", new Uint8Array(values.buffer)],
  ];
}

function pictures(): Promise<Uint8Array> {
  const labels = ["stripes", "discs"] as const;
  return writeZip(
    labels.flatMap((label) =>
      Array.from({ length: 16 }, (_, i) => ({ path: `${label}/${i}.png`, bytes: drawPicture(label, i) })),
    ),
  );
}

async function lookUp(
  { page, allowed }: Playground,
  use: "teacher" | "data",
  address: string,
): Promise<void> {
  for (const origin of [hub.url, hub.mirror]) allowed.add(origin);
  await openWebForm(page, use);
  await page.getByTestId(`${use}-address`).fill(address);
  await page.getByTestId(`${use}-look-up`).click();
}

test("a teacher by its address is shown, downloaded, kept, and used again without the network", async ({
  playground,
}) => {
  const { page } = playground;
  const address = `${hub.url}/owner/name/resolve/main/model.safetensors`;
  await playground.open({ steps: 2 }, "wasm");
  await lookUp(playground, "teacher", address);
  const found = page.getByTestId("web-teacher-found");
  await expect(found).toContainText("model.safetensors");
  await expect(found).toContainText(new URL(hub.url).host);
  await expect(found).toContainText("SHA-256");
  // The store of large files answers no HEAD: its size is learnt from a single byte.
  const asked = hub.requests.filter(({ method, path }) => method === "GET" && path.startsWith("/large"));
  expect(asked.map(({ headers }) => headers["range"])).toEqual(["bytes=0-0"]);

  await playground.click("web-teacher-download");
  await expect(page.getByTestId("teacher-facts")).toContainText("ResNet-18");
  await playground.click("teacher-use");
  await playground.until((snapshot) => snapshot.teacher?.name === "model.safetensors");
  await playground.click("start");
  const { run } = await playground.untilRun("ended");
  expect(run.end).toEqual({ kind: "finished" });
  expect(run.last?.distillation).toBeGreaterThan(0);

  // The link carries address and hash; opened elsewhere it shows them and starts nothing.
  const link = new URL(page.url()).hash.slice(1);
  expect(decodeURIComponent(link)).toContain(`teacherFrom=${address}`);
  await hub.close();
  const before = hub.requests.length;
  await playground.openHash(link);
  await expect(page.getByTestId("notices")).toContainText("Nothing has been loaded");
  await openWebForm(page, "teacher");
  await expect(page.getByTestId("teacher-address")).toHaveValue(address);
  expect((await playground.snapshot()).web.teacher.phase).toBe("idle");

  // The hub is gone; the file is here.
  await expect(page.getByTestId("kept-files")).toContainText("model.safetensors");
  await playground.click("teacher-look-up");
  await expect(found).toContainText("On this machine");
  await playground.click("web-teacher-download");
  await playground.click("teacher-use");
  await playground.until((snapshot) => snapshot.teacher?.name === "model.safetensors");
  expect(hub.requests).toHaveLength(before);
  await playground.click("kept-delete-all");
  await expect(page.getByTestId("kept-files")).toHaveCount(0);
});

test("a TensorFlow.js model comes with its weight files, and images come as a zip", async ({
  playground,
}) => {
  const { page } = playground;
  // Of views of 8 pixels this network's strides would leave nothing.
  await playground.open({ steps: 2, teacherInputSize: 32 }, "wasm");
  await lookUp(playground, "teacher", `${hub.url}/redirect/plain/model.json`);
  await playground.click("web-teacher-download");
  await playground.click("teacher-use");
  await playground.until((snapshot) => snapshot.teacher?.source === "tfjs-layers");
  await lookUp(playground, "data", `${hub.url}/plain/pictures.zip`);
  await expect(page.getByTestId("web-data-found")).toContainText("pictures.zip");
  await playground.click("web-data-download");
  const { dataset } = await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  expect(dataset).toMatchObject({ name: "pictures", count: 32, labels: ["discs", "stripes"] });
  await playground.click("start");
  expect((await playground.untilRun("ended")).run.end).toEqual({ kind: "finished" });
  expect(decodeURIComponent(new URL(page.url()).hash)).toContain(`dataFrom=${hub.url}/plain/pictures.zip`);
});

test("what is refused says why, and a slow download can be cancelled", async ({ playground }) => {
  const { page } = playground;
  await playground.open({}, "cpu");
  const error = page.getByTestId("web-teacher-error");
  for (const [path, message] of [
    ["closed/bytes-10.pth", "does not allow that (CORS)"],
    ["status/404/x.pth", "404: there is no such file"],
    ["status/403/x.pth", "403"],
  ] as const) {
    await lookUp(playground, "teacher", `${hub.url}/${path}`);
    await expect(error).toContainText(message);
  }
  await lookUp(playground, "teacher", "http://hub.example/x.pth");
  await expect(error).toContainText("without encryption");

  for (const [path, message] of [
    ["html/bytes-10.pth", "a web page in place of"],
    ["bomb/bytes-10.pth", "was announced with 0.0 MB"],
    ["wrong/hash/resolve/main/model.safetensors", "not the one that the hub publishes"],
  ] as const) {
    await lookUp(playground, "teacher", `${hub.url}/${path}`);
    await playground.click("web-teacher-download");
    await expect(error).toContainText(message);
  }

  await lookUp(playground, "teacher", `${hub.url}/slow/bytes-9000000.pth`);
  await playground.click("web-teacher-download");
  await expect(page.getByTestId("web-teacher-loading")).toContainText("of 9.0 MB");
  await expect(page.getByTestId("web-teacher-loading")).toContainText("/s");
  await playground.click("web-teacher-dismiss");
  await expect(page.getByTestId("web-teacher-loading")).toHaveCount(0);
  await expect.poll(async () => (await playground.snapshot()).web.teacher.phase).toBe("idle");

  // A whole file that is no network is refused by the same inspection as a dropped one.
  await lookUp(playground, "teacher", `${hub.url}/plain/bytes-5000.pth`);
  await playground.click("web-teacher-download");
  await expect(page.getByTestId("teacher-refusal")).toContainText("bytes-5000.pth");
  await page.keyboard.press("Escape");
  expect((await playground.snapshot()).teacher?.source ?? "bundled").toBe("bundled");

  // A redirect that the policy stops is no matter of the site's. Playwright tells of the request, which is not sent.
  const { faults } = playground;
  await lookUp(playground, "teacher", `${hub.url}/unencrypted/bytes-10.pth`);
  await expect(error).toContainText("passes the request on to an address without encryption");
  expect(faults.splice(0).filter((fault) => !fault.startsWith("request to http://hub.invalid/"))).toEqual([]);

  // The page itself may not do what the download worker may.
  const reached = await page.evaluate(
    (url) =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    `${hub.url}/plain/bytes-9.bin`,
  );
  expect(reached).toBe(false);
  expect(faults.splice(0).join()).toContain("Content Security Policy");
  expect(hub.requests.map(({ path }) => path)).not.toContain("/plain/bytes-9.bin");

  // Nor may text become markup, or somebody else's script a worker.
  const refused = await page.evaluate(
    (url) =>
      [
        () => (document.createElement("p").innerHTML = "<b>bold</b>"),
        () => new Worker(url),
        () => new Worker(URL.createObjectURL(new Blob([""]))),
      ].map((attempt) => {
        try {
          attempt();
          return "done";
        } catch (error) {
          return (error as Error).name;
        }
      }),
    `${hub.url}/plain/bytes-9.js`,
  );
  expect(refused).toEqual(["TypeError", "TypeError", "TypeError"]);
  expect(faults.splice(0).join()).toContain("TrustedHTML");
});
