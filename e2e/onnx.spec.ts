import { convolutionalEncoder, transformerEncoder } from "../src/formats/testing/onnxModels.ts";
import { writeOnnx } from "../src/formats/testing/onnxWriter.ts";
import { expect, test, type Playground } from "./playground.ts";

async function offer({ page }: Playground, name: string, bytes: Uint8Array): Promise<void> {
  await page.getByTestId("teacher-input").setInputFiles({ name, mimeType: "", buffer: Buffer.from(bytes) });
  await expect(page.getByTestId("teacher-inspection")).toBeVisible();
}

test("an ONNX file's output is chosen, and it teaches on the GPU and in WebAssembly", async ({
  playground,
}) => {
  const { page } = playground;
  const runtime: string[] = [];
  page.on("request", (request) => {
    if (/\/(?:ort[-.]|onnx)[^/]*$/.test(request.url()))
      runtime.push(new URL(request.url()).pathname.replace(/.*\//, ""));
  });
  await playground.open({ steps: 2, teacherInputSize: 0, teacherViews: "same", embeddingDim: 5 });
  await offer(playground, "vit.onnx", transformerEncoder().bytes);
  const facts = page.getByTestId("teacher-facts");
  for (const text of [
    "ONNX",
    "IR version 8, opset 17",
    "pixel_values [any, 3, 8, 8] float32",
    "last_hidden_state",
  ])
    await expect(facts).toContainText(text);
  await expect(page.getByTestId("recipe-size")).toBeDisabled();
  await page.getByTestId("recipe-pooling").selectOption("meanToken");
  await page.getByTestId("recipe-normalisation").selectOption("clip");
  expect(runtime).toEqual([]); // nothing of it is fetched for who does not use it
  await playground.click("teacher-use");
  const { teacher } = await playground.until((snapshot) => snapshot.teacher?.source === "onnx");
  expect(teacher).toMatchObject({
    source: "onnx",
    embeddingDim: 6,
    inputSize: 8,
    preprocessing: "CLIP mean/std",
    recipe: { output: "last_hidden_state", pooling: "meanToken", inputSize: 8, normalisation: "clip" },
  });
  const card = page.getByTestId("teacher-card");
  await playground.station("teacher");
  await expect(card).toContainText("images and embeddings stay on the GPU");
  await expect(card).toContainText("A PCA of the teacher's 6-dimensional embedding");
  expect(runtime.length).toBeGreaterThan(0);
  await playground.click("start");
  const { run } = await playground.untilRun("ended");
  expect(run.end).toEqual({ kind: "finished" });
  expect(run.last?.distillation).toBeGreaterThan(0);

  await playground.open({ steps: 2, teacherInputSize: 0, teacherViews: "plain", evaluateEvery: 0 }, "wasm");
  await offer(playground, "classifier.onnx", convolutionalEncoder().bytes);
  await expect(page.getByTestId("recipe-output")).toHaveValue("features"); // before the classifier
  await page.getByTestId("recipe-output").selectOption("pooled");
  await page.getByTestId("recipe-size").fill("12");
  await page.getByTestId("recipe-normalisation").selectOption("symmetric");
  await playground.click("teacher-use");
  const snapshot = await playground.until(({ teacher }) => teacher?.source === "onnx");
  expect(snapshot.teacher).toMatchObject({ embeddingDim: 6, inputSize: 12, recipe: { output: "pooled" } });
  await playground.station("teacher");
  await expect(card).toContainText("WebAssembly");
  await playground.click("start");
  const second = await playground.untilRun("ended");
  expect(second.run.end).toEqual({ kind: "finished" });
});

test("ONNX files that cannot teach are refused by name", async ({ playground }) => {
  const { page } = playground;
  await playground.open({}, "cpu");
  const refusal = page.getByTestId("teacher-refusal");
  const { model, bytes } = convolutionalEncoder();
  const elsewhere = model.weights.map((weight) => ({ ...weight, externalFile: "encoder.onnx_data" }));
  for (const [name, content, message] of [
    ["encoder.onnx", writeOnnx({ ...model, weights: elsewhere }), "encoder.onnx_data"],
    ["cut.onnx", bytes.subarray(0, 300), "ends"],
    ["words.onnx", writeOnnx({ ...model, outputs: model.outputs.slice(1) }), "takes no images"],
  ] as const) {
    await offer(playground, name, content);
    await expect(refusal).toContainText(message);
    await expect(page.getByTestId("teacher-use")).toHaveCount(0);
    await page.keyboard.press("Escape");
  }
});
