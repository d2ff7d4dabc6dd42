import { writeSafetensors } from "../src/formats/safetensors.ts";
import { global, reduce, torchZip, tuple } from "../src/formats/testing/torchWriter.ts";
import { namedEncoder } from "../src/ml/models/encoder.ts";
import { tensorsOf, torchCheckpoint } from "../src/ml/testing/torchCheckpoint.ts";
import { expect, test, type Playground } from "./playground.ts";
import { drawPicture } from "./testImages.ts";

const network = namedEncoder("resnet18", "cifar", 4, { hidden: 24, out: 12 });
const tensors = tensorsOf(network);

async function offer({ page }: Playground, name: string, bytes: Uint8Array): Promise<void> {
  await page.getByTestId("teacher-input").setInputFiles({ name, mimeType: "", buffer: Buffer.from(bytes) });
  await expect(page.getByTestId("teacher-inspection")).toBeVisible();
}

test("a PyTorch file is shown whole, used with one key, and teaches", async ({ playground }) => {
  const { page } = playground;
  await playground.open({ steps: 1 }, "wasm");
  await offer(playground, "moco.pth.tar", await torchCheckpoint(tensors, "module.encoder_q."));
  const facts = page.getByTestId("teacher-facts");
  for (const text of [
    "PyTorch checkpoint, zip",
    "MoCo training checkpoint, query encoder",
    "ResNet-18, 3×3 stem, width 4",
    "4, 8, 16, 32 channels",
    "MLP 32 → 24 → 12",
    "12 dimensions, from 32 features",
  ])
    await expect(facts).toContainText(text);

  // The keyboard begins on “Use”, and gets to the list and through it.
  const use = page.getByTestId("teacher-use");
  const table = page.getByTestId("tensor-table");
  await expect(use).toBeFocused();
  await expect(table).toHaveAttribute("aria-rowcount", String(tensors.length + 1));
  const rows = table.getByRole("row");
  await expect(rows.nth(1)).toContainText("state_dict.module.encoder_q.conv1.weight");
  await expect(rows.nth(1)).toContainText("float32");
  await expect(rows.nth(1)).toContainText("[4, 3, 3, 3]");
  await table.focus();
  await page.keyboard.press("End");
  await expect(rows.last()).toContainText("fc.2.bias");
  expect(await rows.count()).toBeLessThan(tensors.length / 2);
  await page.getByTestId("tensor-filter").fill("layer4 conv1");
  await expect(rows).toHaveCount(3); // with the header
  await expect(page.getByTestId("teacher-inspection").getByRole("status")).toHaveText(
    `2 of ${tensors.length} tensors`,
  );

  await use.focus();
  await page.keyboard.press("Enter");
  const { teacher } = await playground.until((snapshot) => snapshot.teacher?.source === "pytorch");
  expect(teacher).toMatchObject({ name: "moco.pth.tar", source: "pytorch", embeddingDim: 12 });
  await expect(page.getByTestId("teacher-inspection")).toHaveCount(0);
  await playground.station("teacher");
  await expect(page.getByTestId("teacher-card")).toContainText("moco.pth.tar");
  await playground.click("start");
  const { run } = await playground.untilRun("ended");
  expect(run.end).toEqual({ kind: "finished" });
  expect(run.last?.distillation).toBeGreaterThan(0);
});

test("a file is shown though no settings are open", async ({ playground }) => {
  const { page } = playground;
  await playground.open({}, "cpu");
  await expect(page.getByTestId("station-panel")).toHaveCount(0);
  await offer(playground, "folded.pth", await torchCheckpoint(tensors));
  await expect(page.getByTestId("teacher-use")).toBeFocused();
  await page.keyboard.press("Enter");
  await playground.until((snapshot) => snapshot.teacher?.name === "folded.pth");
});

test("what is cancelled, hostile or does not fit leaves the former teacher", async ({ playground }) => {
  const { page } = playground;
  const good = await torchCheckpoint(tensors);
  await playground.open({}, "cpu");
  await offer(playground, "former.pth", good);
  await page.keyboard.press("Enter");
  await playground.until((snapshot) => snapshot.teacher?.name === "former.pth");
  const stillFormer = async (): Promise<void> => {
    await expect(page.getByTestId("teacher-inspection")).toHaveCount(0);
    const { teacher, teacherOffer, teacherProblem } = await playground.snapshot();
    expect([teacher?.name, teacherOffer, teacherProblem]).toEqual(["former.pth", null, null]);
    await playground.station("teacher");
    await expect(page.getByTestId("teacher-card")).toContainText("former.pth");
    await playground.click("station-close");
  };

  await offer(playground, "other.pth", good);
  await page.keyboard.press("Escape");
  await stillFormer();
  await offer(playground, "other.pth", good);
  await playground.click("teacher-cancel");
  await stillFormer();

  const refusal = page.getByTestId("teacher-refusal");
  const hostile = reduce(global("os", "system"), tuple("touch /tmp/owned"));
  await offer(playground, "hostile.pth", await torchZip(hostile, new Map()));
  await expect(refusal).toContainText("os.system");
  await expect(page.getByTestId("teacher-inspection")).toContainText("hostile.pth cannot be used");
  await expect(page.getByTestId("teacher-use")).toHaveCount(0);
  await page.keyboard.press("Enter");
  await stillFormer();

  const odd = [
    ...tensors.filter(({ name }) => name !== "layer4.1.bn2.bias"),
    { name: "layer1.0.extra", shape: [2] },
  ];
  await offer(playground, "odd.pth", await torchCheckpoint(odd));
  await expect(refusal).toContainText("2 tensors do not fit ResNet-18");
  await expect(refusal.getByLabel("Missing from the file")).toHaveText("layer4.1.bn2.bias [32]");
  await expect(refusal.getByLabel("Unexpected in the file")).toHaveText("layer1.0.extra [2]");
  await expect(page.getByTestId("tensor-table")).toContainText("state_dict.conv1.weight");
  await playground.click("teacher-cancel");
  await stillFormer();

  await offer(playground, "teacher.safetensors", Buffer.from("this is no network"));
  await expect(refusal).toContainText("not a valid safetensors file");
  await page.keyboard.press("Escape");
  const values = new Float32Array(12).fill(1);
  const unknown = writeSafetensors([{ name: "blocks.0.attn.qkv.weight", shape: [6, 2], values }]);
  await offer(playground, "vit.safetensors", unknown);
  await expect(refusal).toContainText("ONNX"); // named for what it is, and told the way in
  await page.keyboard.press("Escape");
  await stillFormer();
});

test("pictures given as a teacher become the data with one click", async ({ playground }) => {
  const { page } = playground;
  await playground.open({ steps: 1 }, "cpu");
  const files = ["discs", "stripes"].flatMap((kind) =>
    [1, 2].map((seed) => ({
      name: `${kind}${seed}.png`,
      mimeType: "image/png",
      buffer: Buffer.from(drawPicture(kind as "discs" | "stripes", seed)),
    })),
  );
  await page.getByTestId("teacher-input").setInputFiles(files);
  await expect(page.getByTestId("teacher-refusal")).toContainText("4 are pictures");
  await playground.click("read-as-data");
  const { dataset } = await playground.until((snapshot) => snapshot.dataset?.kind === "own");
  expect(dataset?.count).toBe(4);
  await expect(page.getByTestId("teacher-inspection")).toHaveCount(0);
});
