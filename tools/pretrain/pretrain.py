"""Makes the bundled teacher: MoCo-v2 on CIFAR-10's training images and on drawn demo pictures, without labels.

    python3 tools/pretrain/pretrain.py --cifar cifar10.zip --out src/worker/teacher/bundledTeacher --scratch out/pretrain

needs PyTorch, NumPy and Pillow, and Node for drawing unless the drawn pictures are given. --out receives
teacher.safetensors (half precision, with its projection head) and teacher.json, its card. A run that was cut off goes
on from its last checkpoint when the command is repeated. With --minutes the learning rate follows the clock.

Images, order, views and initial weights follow the seed. The numbers of a GPU do not: bfloat16 convolutions choose
their algorithm by speed and add in no fixed order, so two runs give two equally good teachers, not the same one.
"""

import argparse
import hashlib
import json
import math
import subprocess
import time
from pathlib import Path

import numpy as np
import torch

from augment import ViewOptions
from evaluate import knn_accuracy, outputs, probe_accuracy
from export import half_state, write_safetensors
from images import Images, hold_out, load_images
from moco import MoCo, MoCoOptions
from network import Encoder, calibrate

ROOT = Path(__file__).resolve().parents[2]
HELD_OUT = 5000
TRAINING_SEEDS = "101-108"
"""Of the drawn pictures trained on; the visitors' set has the seed 1."""
NOT_FOR = (
    "Made for pictures of 32 pixels: of photographs it sees coarse form and colour alone. Faces, text, textures, medical "
    "or aerial images were not among what it learnt from, nor was any class label. For your own photographs a larger "
    "teacher, from a file or by address, will usually teach more."
)
"""Said on the page, word for word."""


def main() -> None:
    args = parse_arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    args.scratch.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(args.seed)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False  # statistics and evaluation in full float32

    train, validation = hold_out(load_images(args.cifar), args.held_out, args.seed)
    drawn = load_images(args.demo_train or draw_demo(args.scratch / "demo-train.npy", TRAINING_SEEDS))
    demo = load_images(args.demo or draw_demo(args.scratch / "demo.npy", "1"))
    judge = Judge(device, train, validation, demo, args.seed)
    say(f"{len(train.labels)} natural images, {len(drawn.labels)} drawn; {device_name(device)}")

    options = MoCoOptions(args.batch, args.drawn_share, args.learning_rate, queue=args.queue)
    network = Encoder(args.width, args.hidden, args.dim)
    moco = MoCo(network, to(device, train), to(device, drawn), options, ViewOptions(), args.seed)
    floor = judge.knn(moco.key_network)
    say(f"untrained: {floor}")
    curve, minutes = fit(moco, judge, args)

    rounded = rounded_network(moco, args)
    metadata = {
        "format": "pt",
        "architecture": f"ResNet-18, 3×3 stem, width {args.width}",
        "head": "projection",
        "input_size": str(options.view_size),
    }
    file = args.out / "teacher.safetensors"
    write_safetensors(file, half_state(rounded), metadata)
    natural_epochs, *drawn_epochs = [source.epoch for source in moco.sources]
    card = {
        "what": "MoCo-v2 on CIFAR-10's training images and on drawn demo pictures, by tools/pretrain/pretrain.py",
        "network": {**metadata, "hidden": args.hidden, "embedding": args.dim},
        "parameters": sum(parameter.numel() for parameter in rounded.parameters()),
        "bytes": file.stat().st_size,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "training": {
            **options._asdict(),
            "views": ViewOptions()._asdict(),
            "seed": args.seed,
            "steps": moco.steps,
            "imagesSeen": moco.steps * options.batch,
            "naturalImages": len(train.labels),
            "naturalEpochs": natural_epochs,
            "drawnImages": len(drawn.labels),
            "drawnEpochs": drawn_epochs[0] if drawn_epochs else 0,
            "minutes": round(minutes, 2),
            "device": device_name(device),
            "torch": torch.__version__,
            "loss": round(float(moco.loss), 4),
        },
        "evaluation": judge.everything(rounded),
        "untrained": floor,
        "notFor": NOT_FOR,
        "check": check(rounded, demo),
        "curve": curve,
    }
    (args.out / "teacher.json").write_text(json.dumps(card, indent=2) + "\n")
    say(json.dumps(card["evaluation"], indent=1))


def check(network: Encoder, demo: Images) -> dict:
    """Some numbers by which whoever loads the file elsewhere can tell that it computes the same."""
    pixels = torch.from_numpy(demo.pixels[:4]).to(next(network.parameters()).device)
    embedding = torch.nn.functional.normalize(outputs(network, pixels, 32)[1])
    rows = [[round(float(value), 5) for value in row[:8]] for row in embedding.cpu()]
    return {"what": "unit embeddings of the first pictures of the drawn set 1, first 8 dimensions", "rows": rows}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cifar", type=Path, required=True, help="zip of class folders, or a pack")
    parser.add_argument("--demo-train", type=Path, help="drawn pictures to train on; drawn anew when left out")
    parser.add_argument("--demo", type=Path, help="the visitors' drawn pictures, to judge by")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, help="for checkpoints; --out when left out")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=float, default=400, help="passes over the natural images")
    length.add_argument("--minutes", type=float, help="train for as long as this instead")
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--queue", type=int, default=4096)
    parser.add_argument("--drawn-share", type=float, default=0.25)
    parser.add_argument("--learning-rate", type=float, default=0.06)
    parser.add_argument("--held-out", type=int, default=HELD_OUT)
    parser.add_argument("--seed", type=int, default=20210419)
    parser.add_argument("--save-seconds", type=float, default=45)
    parser.add_argument("--eager", action="store_true", help="no CUDA graph")
    args = parser.parse_args()
    args.scratch = args.scratch or args.out
    return args


def fit(moco: MoCo, judge: "Judge", args: argparse.Namespace) -> tuple[list[dict], float]:
    """Trains to the end. @returns what was measured on the way, and how many minutes it took, interruptions left out."""
    checkpoint = args.scratch / "checkpoint.pt"
    curve: list[dict] = []
    before = 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=moco.device, weights_only=True)
        moco.restore(state["moco"])
        curve, before = state["curve"], state["minutes"]
        say(f"going on from step {moco.steps}, {before:.2f} minutes")
    start = time.monotonic()
    total_steps = args.epochs * len(moco.sources[0].pixels) / moco.sources[0].batch
    minutes = lambda: before + (time.monotonic() - start) / 60  # noqa: E731
    progress = lambda: minutes() / args.minutes if args.minutes else moco.steps / total_steps  # noqa: E731
    rate = lambda: args.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1, progress())))  # noqa: E731
    if moco.device.type == "cuda" and not args.eager:
        try:
            moco.capture(rate())
        except RuntimeError as error:
            say(f"no CUDA graph: {error}")
            torch.cuda.synchronize()
    said, saved, said_steps = time.monotonic(), time.monotonic(), moco.steps
    while progress() < 1:
        moco.advance(rate())
        if moco.steps % 20 != 0:
            continue
        loss = float(moco.loss)  # sync point
        if not math.isfinite(loss):
            raise SystemExit(f"the loss is {loss} after {moco.steps} steps")
        now = time.monotonic()
        if now - said > 10:
            speed = (moco.steps - said_steps) * moco.options.batch / (now - said)
            say(
                f"{minutes():.2f} min, step {moco.steps}, epochs {[s.epoch for s in moco.sources]}, "
                f"loss {loss:.3f}, lr {rate():.4f}, {speed / 1000:.1f} k images/s"
            )
            said, said_steps = now, moco.steps
        if now - saved > args.save_seconds:
            row = {"step": moco.steps, "minutes": round(minutes(), 2), "loss": round(loss, 4)}
            curve.append({**row, **judge.knn(moco.key_network)})
            say(json.dumps(curve[-1]))
            state = {"moco": moco.state(), "curve": curve, "minutes": minutes()}
            torch.save(state, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
            write_safetensors(args.out / "teacher.safetensors", half_state(moco.key_network), {"format": "pt"})
            saved = said = time.monotonic()
            said_steps = moco.steps
    torch.save({"moco": moco.state(), "curve": curve, "minutes": minutes()}, checkpoint)
    return curve, minutes()


def rounded_network(moco: MoCo, args: argparse.Namespace) -> Encoder:
    """The query encoder as shipped: weights rounded to float16, running statistics taken anew with those, in float32."""
    rounded = Encoder(args.width, args.hidden, args.dim).to(moco.device)
    rounded.load_state_dict(half_state(moco.network))
    for plain in (False, True):
        calibrate(rounded, moco.batches(32, plain), anew=not plain)
    state = half_state(rounded)
    for name, value in state.items():
        if not value.isfinite().all():
            raise SystemExit(f"{name} does not fit half precision")
    rounded.load_state_dict(state)
    return rounded.eval()


class Judge:
    """Measures encoders on images no one was trained on: 5 000 of CIFAR-10's and the visitors' drawn set."""

    def __init__(self, device: torch.device, train: Images, validation: Images, demo: Images, seed: int):
        bank, queries = hold_out(demo, len(demo.labels) // 5, seed)
        self.sets = {
            "natural": [(to(device, part), labels_to(device, part)) for part in (train, validation)],
            "demo": [(to(device, part), labels_to(device, part)) for part in (bank, queries)],
        }

    def knn(self, network: torch.nn.Module) -> dict[str, float]:
        """kNN of features with the page's k and T, of natural images with a bank of 10 000 only."""
        found = {}
        for name, ((bank, bank_labels), (queries, query_labels)) in self.sets.items():
            some = slice(None, None, max(1, len(bank) // 10_000))
            k, temperature = page_knn(len(bank[some]))
            features = [outputs(network, pixels, 32)[0] for pixels in (bank[some], queries)]
            value = knn_accuracy(features[0], bank_labels[some], features[1], query_labels, k, temperature)
            found[f"{name}Knn"] = round(value, 4)
        return found

    def everything(self, network: torch.nn.Module) -> dict:
        found: dict = {}
        for name, ((bank, bank_labels), (queries, query_labels)) in self.sets.items():
            both = [outputs(network, pixels, 32) for pixels in (bank, queries)]
            found[name] = {"bankImages": len(bank), "queryImages": len(queries)}
            for place, kind in enumerate(("features", "embedding")):
                train, test = both[0][place], both[1][place]
                found[name][kind] = {
                    f"knn k={k} T={temperature}": round(
                        knn_accuracy(train, bank_labels, test, query_labels, k, temperature), 4
                    )
                    for k, temperature in ((200, 0.1), (20, 0.07))
                }
                found[name][kind]["linearProbe"] = round(
                    probe_accuracy(train, bank_labels, test, query_labels), 4
                )
        return found


def page_knn(bank_count: int) -> tuple[int, float]:
    """k and T as src/ml/eval/knn.ts chooses them."""
    return (200, 0.1) if bank_count >= 10_000 else (20, 0.07)


def draw_demo(path: Path, seeds: str) -> Path:
    if not path.exists():
        command = ["npx", "tsx", "tools/pretrain/drawDemo.ts", "--out", str(path.resolve()), "--seeds", seeds]
        subprocess.run(command, cwd=ROOT, check=True)
    return path


def to(device: torch.device, images: Images) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(images.pixels)).to(device)


def labels_to(device: torch.device, images: Images) -> torch.Tensor:
    return torch.from_numpy(images.labels).to(device)


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name() if device.type == "cuda" else "CPU"


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
