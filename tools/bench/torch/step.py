"""One DisCo training step in plain PyTorch (eager): the jobs, numbers and mathematics of `npm run bench`.

    python3 tools/bench/torch/step.py --job STEP-L --json torch.json --ours bench.json

times every layout in turn, in full float32 and (on CUDA) as PyTorch comes, which takes TF32 for convolutions.
`--ours` names what `npm run bench -- --json bench.json` wrote: ratios are printed where first losses agree.
`npm run bench` itself runs this program with `--serve` and asks it line by line, in turn with its other contestants.
Needs Python 3.10 and PyTorch 2.
"""

import argparse
import copy
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import job_data

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))

from networks import BasicBlock, Bottleneck, ResNet, efficientnet_b0, mlp_head, mobilenet_v3  # noqa: E402

LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.03, 0.9, 1e-4
EMA_MOMENTUM, TEMPERATURE = 0.999, 0.2
CHECKED_STEPS = 4
COMPARED_LOSSES, LOSS_TOLERANCE = 3, 2e-4
BLOCK_SECONDS = 0.4


def encoder_shape(backbone: str, stem: str, width: int) -> dict:
    return {"backbone": backbone, "stem": stem, "width": width}


def job(size: int, batch: int, student: dict, teacher: dict, hidden: int, dim: int, queue: int) -> dict:
    """Field for field as tools/bench/stepJobs.ts has it."""
    names = ("imageSize", "batchSize", "student", "teacher", "hidden", "embeddingDim", "queueSize")
    return dict(zip(names, (size, batch, student, teacher, hidden, dim, queue)))


def cifar(width: int, backbone: str = "resnet18") -> dict:
    return encoder_shape(backbone, "cifar", width)


def published(backbone: str) -> dict:
    return encoder_shape(backbone, "imagenet", 64)


JOBS = {
    "STEP-XS": job(16, 8, cifar(4), cifar(8), 128, 64, 512),
    "STEP-S": job(32, 16, cifar(8), cifar(16), 128, 64, 512),
    "STEP-SE": job(32, 16, cifar(8, "efficientnetB0"), cifar(16), 128, 64, 512),
    "STEP-SM": job(32, 16, cifar(8, "mobilenetV3Large"), cifar(16), 128, 64, 512),
    "STEP-M": job(64, 64, cifar(32), cifar(64), 512, 128, 4096),
    "STEP-L": job(128, 64, published("resnet18"), published("resnet50"), 2048, 128, 65_536),
    "STEP-E": job(128, 64, published("efficientnetB0"), published("resnet50"), 2048, 128, 65_536),
}


def encoder(shape: dict, hidden: int, dim: int) -> nn.Module:
    """With MoCo-v2's projection head; activations in place, as torchvision's networks have them where it costs nothing."""
    width = shape["width"]
    if shape["backbone"] in ("efficientnetB0", "mobilenetV3Large"):
        factor = width / 64
        network = (
            efficientnet_b0(factor, 1)
            if shape["backbone"] == "efficientnetB0"
            else mobilenet_v3("large", factor, 1)
        )
        del network.classifier
        if shape["stem"] == "cifar":
            network.features[0][0].stride = (1, 1)
        network.fc = mlp_head(network.features[-1][0].out_channels, hidden, dim)
    else:
        planes = [width * 2**stage for stage in range(4)]
        block, depths = {"resnet18": (BasicBlock, [2, 2, 2, 2]), "resnet50": (Bottleneck, [3, 4, 6, 3])}[
            shape["backbone"]
        ]
        network = ResNet(block, planes, depths, cifar_stem=shape["stem"] == "cifar")
        network.with_head(lambda features: mlp_head(features, hidden, dim))
    for part in network.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = True
    return network


def embed(network: nn.Module, view: Tensor) -> Tensor:
    return F.normalize(network.fc(network.pooled(view)), dim=1)


def is_statistic(name: str) -> bool:
    return "running" in name


LAYOUTS = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}


@dataclass(frozen=True)
class Numbers:
    """A job with its numbers, on the CPU; drawing them takes longer than training on them."""

    student: nn.Module
    teacher: nn.Module
    queue: Tensor
    views: tuple[Tensor, Tensor]


def draw(shape: dict) -> Numbers:
    hidden, dim = shape["hidden"], shape["embeddingDim"]
    student = encoder(shape["student"], hidden, dim)
    teacher = encoder(shape["teacher"], hidden, dim)
    job_data.fill(student, "student", trained=False)
    job_data.fill(teacher, "teacher", trained=True)
    queue = job_data.queue(shape["queueSize"], dim)
    return Numbers(student, teacher, queue, job_data.views(shape["batchSize"], shape["imageSize"]))


class Trainer:
    """A job with all its state, on one device."""

    def __init__(self, numbers: Numbers, device: torch.device):
        def placed(network: nn.Module) -> nn.Module:
            return copy.deepcopy(network).to(device)

        self.device = device
        self.student = placed(numbers.student).train()
        self.mean_student = placed(numbers.student).train().requires_grad_(False)
        self.teacher = placed(numbers.teacher).eval().requires_grad_(False)
        self.queue = numbers.queue.to(device, copy=True)
        self.views = [view.to(device) for view in numbers.views]
        self.parameters = list(self.student.parameters())
        self.mean_parameters = list(self.mean_student.parameters())
        self.sgd = torch.optim.SGD(self.parameters, LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
        self.written = 0
        self.use_layout("contiguous")
        self.start = self.snapshot()

    def use_layout(self, name: str) -> None:
        """Lays images, weights, their gradients and velocities that way."""
        layout = LAYOUTS[name]
        for network in (self.student, self.mean_student, self.teacher):
            network.to(memory_format=layout)
        self.sgd.zero_grad(set_to_none=True)
        for state in self.sgd.state.values():
            velocity = state.get("momentum_buffer")
            if velocity is not None and velocity.dim() == 4:
                state["momentum_buffer"] = velocity.contiguous(memory_format=layout)
        self.first, self.second = (view.contiguous(memory_format=layout) for view in self.views)
        self.both = torch.cat([self.first, self.second])

    def step(self) -> Tensor:
        """The order of tools/bench/contestants/contestant.ts. Returns the loss, on the device."""
        with torch.no_grad():
            torch._foreach_lerp_(self.mean_parameters, self.parameters, 1 - EMA_MOMENTUM)
            first_target, second_target = embed(self.teacher, self.both).chunk(2)
            key = embed(self.mean_student, self.second)
        query = embed(self.student, self.first)
        other = embed(self.student, self.second)
        distillation = F.mse_loss(query, first_target, reduction="sum") + F.mse_loss(
            other, second_target, reduction="sum"
        )
        logits = torch.cat([(query * key).sum(1, keepdim=True), query @ self.queue.T], 1) / TEMPERATURE
        positives = torch.zeros(len(key), dtype=torch.int64, device=self.device)
        loss = distillation / len(key) + F.cross_entropy(logits, positives)
        self.sgd.zero_grad(set_to_none=True)
        loss.backward()
        self.sgd.step()
        at = self.written % len(self.queue)
        self.queue[at : at + len(key)] = key
        self.written += len(key)
        return loss.detach()

    def run(self, steps: int) -> dict:
        """Fields as `BlockReport` in tools/bench/page/workerMessages.ts has them. Reading the losses waits for them."""
        start = time.perf_counter()
        losses = [self.step() for _ in range(steps)]
        issued = time.perf_counter()
        values = torch.stack(losses).tolist()
        self.wait()
        elapsed = time.perf_counter()
        return {
            "steps": steps,
            "elapsedMs": (elapsed - start) * 1e3,
            "issuedMs": (issued - start) * 1e3,
            "losses": values,
        }

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def snapshot(self) -> dict[str, list[Tensor]]:
        def part(network: nn.Module, of_statistics: bool) -> list[Tensor]:
            tensors = network.state_dict().items()
            kept = [t for name, t in tensors if "num_batches" not in name and is_statistic(name) == of_statistics]
            return [tensor.detach().double().cpu().clone() for tensor in kept]

        return {
            "student": part(self.student, False),
            "studentStatistics": part(self.student, True),
            "meanStudent": part(self.mean_student, False),
            "meanStudentStatistics": part(self.mean_student, True),
            "queue": [self.queue.double().cpu().clone()],
        }

    def movement(self) -> dict[str, float]:
        """How far each part of the state is from where it began."""

        def distance(before: Iterable[Tensor], after: Iterable[Tensor]) -> float:
            return sum((b - a).square().sum().item() for a, b in zip(before, after)) ** 0.5

        now = self.snapshot()
        return {name: distance(self.start[name], now[name]) for name in now}


def use_precision(name: str) -> None:
    """"fp32": float32 throughout, the figure to compare with. "default": as PyTorch comes."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = name == "default"


@dataclass
class Lane:
    """One way to run a job."""

    precision: str
    layout: str
    trainer: Trainer
    losses: list[float]
    movement: dict[str, float]
    steps_per_block: int
    times_ms: list[float] = field(default_factory=list)
    issued_ms: list[float] = field(default_factory=list)

    def report(self) -> dict:
        return {
            "precision": self.precision,
            "layout": self.layout,
            "medianMs": statistics.median(self.times_ms),
            "minMs": min(self.times_ms),
            "maxMs": max(self.times_ms),
            "issueMs": statistics.median(self.issued_ms),
            "blocks": len(self.times_ms),
            "stepsPerBlock": self.steps_per_block,
            "evidence": {"losses": self.losses, "movement": self.movement},
        }


def enter(numbers: Numbers, device: torch.device, precision: str, layout: str) -> Lane:
    use_precision(precision)
    trainer = Trainer(numbers, device)
    trainer.use_layout(layout)
    losses = trainer.run(CHECKED_STEPS)["losses"]
    movement = trainer.movement()
    step_ms = trainer.run(2)["elapsedMs"] / 2
    steps = max(1, min(50, round(BLOCK_SECONDS * 1e3 / step_ms)))
    return Lane(precision, layout, trainer, losses, movement, steps)


def measure(name: str, device: torch.device, repetitions: int, log: Callable[[str], None]) -> dict:
    precisions = ["fp32", "default"] if device.type == "cuda" else ["fp32"]
    numbers = draw(JOBS[name])
    lanes = [enter(numbers, device, precision, layout) for precision in precisions for layout in LAYOUTS]
    for _ in range(repetitions):
        for lane in lanes:
            use_precision(lane.precision)
            block = lane.trainer.run(lane.steps_per_block)
            lane.times_ms.append(block["elapsedMs"] / block["steps"])
            lane.issued_ms.append(block["issuedMs"] / block["steps"])
    reports = [lane.report() for lane in lanes]
    for report in reports:
        log(
            f"{name} {report['precision']:8} {report['layout']:14} median {report['medianMs']:.2f} ms  "
            f"({report['minMs']:.2f} … {report['maxMs']:.2f}), issued in {report['issueMs']:.2f}; losses "
            + " ".join(f"{loss:.5f}" for loss in report["evidence"]["losses"])
        )
    fastest = {
        precision: min((r for r in reports if r["precision"] == precision), key=lambda r: r["medianMs"])
        for precision in precisions
    }
    return {"name": name, "runs": reports, "fastest": fastest}


def compare(found: dict, ours: dict, log: Callable[[str], None]) -> bool:
    """Prints how each of our contestants stands to PyTorch, only of those whose first losses agree with it."""
    sound = True
    jobs = [job for job in ours["jobs"] if job["name"] == found["name"]]
    if not jobs:
        log(f"{found['name']} is not in the file to compare with")
        return False
    contestants = jobs[0]["contestants"]
    for name, contestant in contestants.items():
        for precision, torch_run in found["fastest"].items():
            pairs = zip(contestant["evidence"]["losses"], torch_run["evidence"]["losses"])
            differences = [abs(a - b) / max(abs(a), abs(b)) for a, b in list(pairs)[:COMPARED_LOSSES]]
            agrees = len(differences) == COMPARED_LOSSES and all(d <= LOSS_TOLERANCE for d in differences)
            if precision == "fp32":
                sound = sound and agrees
            share = torch_run["medianMs"] / contestant["medianMs"]
            log(
                f"{found['name']} {name}: {contestant['medianMs']:.2f} ms, "
                + (f"{100 * share:.0f} % of PyTorch's speed" if agrees else f"losses differ by {max(differences):.1e}")
                + f" ({precision}, {torch_run['layout']}: {torch_run['medianMs']:.2f} ms)"
            )
    return sound


def serve(device: torch.device) -> None:
    """Answers questions, one JSON line each: those of `StepRequests` in tools/bench/page/workerMessages.ts."""
    trainer: Trainer | None = None

    def answer(name: str, body: dict) -> object:
        nonlocal trainer
        if name == "setUp":
            start = time.perf_counter()
            trainer = Trainer(draw(body["job"]), device)
            elapsed = (time.perf_counter() - start) * 1e3
            return {"runsOn": describe(device), "setUpMs": elapsed, "variants": list(LAYOUTS)}
        assert trainer is not None, "asked before it was set up"
        if name == "run":
            if "variant" in body:
                trainer.use_layout(body["variant"])
            return trainer.run(body["steps"])
        if name == "movement":
            return trainer.movement()
        assert name == "breakdown", f"there is no question {name}"
        return []

    use_precision("fp32")
    for line in sys.stdin:
        question = json.loads(line)
        try:
            reply = {"result": answer(question["name"], question["body"])}
        except Exception as error:  # whatever it is, the benchmark shall print it and go on
            reply = {"problem": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


def describe(device: torch.device) -> str:
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    return f"PyTorch {torch.__version__}, {where}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--job", action="append", choices=list(JOBS), help="may be repeated; default STEP-XS")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="default: cuda where there is one")
    parser.add_argument("--threads", type=int, help="on the CPU")
    parser.add_argument("--repetitions", type=int, default=9, help="timed blocks of each way to run")
    parser.add_argument("--json", type=Path, help="writes everything that was measured")
    parser.add_argument("--ours", type=Path, help="a file that `npm run bench -- --json` wrote")
    parser.add_argument("--serve", action="store_true", help="for `npm run bench`")
    asked = parser.parse_args()
    device = torch.device(asked.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if asked.threads is not None:
        torch.set_num_threads(asked.threads)
    torch.backends.cudnn.benchmark = True
    if asked.serve:
        serve(device)
        return 0
    print(describe(device), flush=True)
    report = {"device": describe(device), "jobs": []}
    ours = None if asked.ours is None else json.loads(asked.ours.read_text())
    sound = True
    for name in asked.job or ["STEP-XS"]:
        found = measure(name, device, asked.repetitions, lambda line: print(line, flush=True))
        report["jobs"].append(found)
        if asked.json is not None:
            asked.json.write_text(json.dumps(report, indent=2) + "\n")
        if ours is not None:
            sound = compare(found, ours, print) and sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
