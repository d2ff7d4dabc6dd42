"""Goes on with a run of the DisCo playground on as many processes as there are:

    torchrun --nproc_per_node 2 continue.py --images PICTURES --out RESULT

Needs PyTorch, and Pillow to read pictures. One process needs no torchrun. A batch of the run is dealt out evenly, and
BatchNorm's statistics, gradients and keys are those of the whole batch, so the number of processes changes losses by
rounding alone. RESULT gets checkpoint.safetensors, from which the same command goes on, and run.zip, which the
playground takes in under “Runs”.
"""

import argparse
import copy
import ctypes
import json
import math
import os
import random
import struct
import time
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

HERE = Path(__file__).resolve().parent
COLUMNS = ("step", "loss", "contrastive", "distillation", "cosine", "learningRate", "imagesPerSecond", "elapsedMs")


def main():
    options = read_arguments()
    rank, world, device = join_processes()
    try:
        run = Run(options, rank, world, device)
        run.train(recorded_batches(options, run) if options.batches else pictures(options, run))
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, help="folder of pictures, sub-folders included")
    parser.add_argument("--batches", type=Path, help="safetensors file of views to train on instead, for comparisons")
    parser.add_argument("--out", type=Path, required=True, help="folder that checkpoint.safetensors and run.zip go to")
    parser.add_argument("--steps", type=int, help="length of the whole run in steps, in place of the run's own")
    parser.add_argument("--save-every", type=int, default=500, help="steps between checkpoints")
    parser.add_argument("--workers", type=int, default=2, help="processes that read pictures, for each that trains")
    parser.add_argument("--tf32", action="store_true", help="faster products on GPUs, a thousandth less exact")
    options = parser.parse_args()
    if (options.images is None) == (options.batches is None):
        parser.error("give either --images or --batches")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.tf32
    return options


def join_processes():
    """This process's number, how many there are, and where it computes."""
    rank, world, local = (int(os.environ.get(name, default)) for name, default in
                          (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0)))  # fmt: skip
    device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if world > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return rank, world, device


class Run:
    """Everything that a step changes, as the checkpoint has it."""

    def __init__(self, options, rank, world, device):
        self.options, self.rank, self.world, self.device = options, rank, world, device
        self.tensors, self.metadata = read_safetensors(HERE / "checkpoint.safetensors")
        self.facts = json.loads(self.metadata["run"])
        begun = options.out / "checkpoint.safetensors"
        if begun.exists():
            self.tensors, self.metadata = read_safetensors(begun)
            given, self.facts = self.facts, json.loads(self.metadata["run"])
            if given["runId"] != self.facts["runId"]:
                raise SystemExit(f"{begun} is of another run. Give another folder with --out.")
        self.about_run = json.loads((HERE / "run.json").read_text(encoding="utf-8"))
        networks = json.loads((HERE / "networks.json").read_text(encoding="utf-8"))
        self.config, self.live = self.facts["config"], self.facts["live"]
        refuse_unknown(self.config, networks, world)
        if options.steps is not None:
            self.facts["totalSteps"] = self.config["steps"] = self.live["steps"] = options.steps
        self.step, self.total = self.facts["step"], self.facts["totalSteps"]
        if self.step >= self.total:
            raise SystemExit(f"The run has taken its {self.total} steps. Give a larger --steps to go on.")

        groups = self.config["batchNormGroups"]
        self.description = networks["student"]
        self.student = Network(self.description, world, groups).to(device)
        self.mean_student = copy.deepcopy(self.student).requires_grad_(False)
        self.load("student", self.student)
        self.load("mean", self.mean_student)
        self.parallel = DistributedDataParallel(self.student) if world > 1 else self.student
        self.optimiser = (Muon if self.config["optimiser"] == "muon" else Sgd)(self.student, self.config)
        self.optimiser.steps = self.facts["counts"]["optimiserSteps"]
        for kind in self.optimiser.state:
            for name, value in self.stored(f"optimiser/{kind}"):
                self.optimiser.state[kind][name].copy_(value)
        self.queue = self.tensors["state/queue/keys"].to(device)
        self.queue_row = self.facts["counts"]["queueRows"]["keys"]
        self.teacher = None if self.config["method"] == "mocov2" else Teacher(networks["teacher"], self)
        self.rows = self.tensors["metrics"].tolist()

    def stored(self, part):
        """The checkpoint's tensors of a part by name, in PyTorch's layout."""
        prefix = f"state/{part}/"
        for name, value in self.tensors.items():
            if name.startswith(prefix):
                name = name[len(prefix) :]
                yield name, to_pytorch(value, self.description["layers"], name).to(self.device)

    def load(self, part, network):
        found = dict(self.stored(part))
        counted = "studentBatches" if part == "student" else "meanBatches"
        for name in network.state_dict():
            if name.endswith("num_batches_tracked"):
                found[name] = torch.tensor(self.facts["counts"][counted])
        network.load_state_dict(found)

    def train(self, batches):
        """Takes the steps that are left, or as many as there are batches, and saves now and then."""
        before, start = self.facts["elapsedMs"], time.monotonic()
        for first, second, plain in batches:
            began = time.monotonic()
            factor = schedule_factor(self.config, self.about_run["plan"], self.step, self.total)
            rate = self.live["learningRate"] * factor
            scalars = self.take_step(first, second, plain, rate)
            self.step += 1
            now = time.monotonic()
            speed = self.config["batchSize"] / (now - began)
            self.rows.append([self.step, *scalars, rate, speed, before + 1000 * (now - start)])
            if not math.isfinite(scalars[0]):
                raise SystemExit(f"The loss of step {self.step} is {scalars[0]}. The last checkpoint stays.")
            if self.rank == 0:
                print(f"step {self.step}/{self.total}  loss {scalars[0]:.5f}  {speed:.0f} images/s", flush=True)
                if self.step % self.options.save_every == 0:
                    self.save()
            if self.step == self.total:
                break
        if self.rank == 0:
            self.save()

    def take_step(self, first, second, plain, learning_rate):
        """One step of DisCo, or without a teacher of MoCo-v2:

        L = w (mean |T1 - q|^2 + mean |T2 - q'|^2) + lambda InfoNCE(q, k, queue)

        Views are this process's share of the batch, [n, 3, V, V] in [0, 1]; `plain` see `Teacher.targets`.
        Returns loss, InfoNCE, distillation and cosine of the whole batch.
        """
        live = self.live
        inputs = [normalise(view) for view in (first, second)]
        with torch.no_grad():
            keep = self.config["emaMomentum"]
            for mean, value in zip(self.mean_student.parameters(), self.student.parameters()):
                mean.mul_(keep).add_(value, alpha=1 - keep)
            key = F.normalize(self.mean_student(inputs[1])[0])
            targets = [] if self.teacher is None else self.teacher.targets(first, second, plain)
        queries = [F.normalize(query) for query in self.parallel(*(inputs if targets else inputs[:1]))]

        contrastive = info_nce(queries[0], key, self.queue, live["temperature"])
        distillation = sum((target - query).square().sum(1).mean() for target, query in zip(targets, queries))
        loss = live["contrastiveWeight"] * contrastive + live["distillWeight"] * distillation
        for parameter in self.student.parameters():
            parameter.grad = None
        loss.backward()
        self.optimiser.step(self.student, learning_rate)

        keys = gathered(key, self.world)
        rows = (self.queue_row + torch.arange(len(keys))) % len(self.queue)
        self.queue[rows.to(self.device)] = keys
        self.queue_row = (self.queue_row + len(keys)) % len(self.queue)
        parts = torch.stack([torch.as_tensor(part, device=self.device) for part in (loss, contrastive, distillation)])
        loss, contrastive, distillation = (summed(parts.detach(), self.world) / self.world).tolist()
        return loss, contrastive, distillation, 1 - distillation / 4 if targets else 0.0

    def save(self):
        """RESULT/checkpoint.safetensors, whole or not at all, and RESULT/run.zip."""
        student, mean = self.student.state_dict(), self.mean_student.state_dict()
        tensors = {"metrics": torch.tensor(self.rows, dtype=torch.float32)}
        parts = {"student": student, "mean": mean}
        parts |= {f"optimiser/{kind}": values for kind, values in self.optimiser.state.items()}
        for part, values in parts.items():
            for name, value in values.items():
                if not name.endswith("num_batches_tracked"):
                    tensors[f"state/{part}/{name}"] = from_pytorch(value, self.description["layers"], name)
        tensors["state/queue/keys"] = self.queue
        tensors |= {name: value for name, value in self.tensors.items() if name.startswith("state/projection/")}
        passes = 1 if self.teacher is None else 2
        taken = self.step - self.facts["step"]
        counts = self.facts["counts"]
        facts = self.facts | {
            "step": self.step,
            "elapsedMs": self.rows[-1][-1],
            "savedAt": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "counts": counts | {
                "optimiserSteps": self.optimiser.steps,
                "studentBatches": counts["studentBatches"] + passes * taken,
                "meanBatches": counts["meanBatches"] + taken,
                "queueRows": {"keys": self.queue_row},
            },
        }  # fmt: skip
        self.options.out.mkdir(parents=True, exist_ok=True)
        checkpoint = safetensors(tensors, self.metadata | {"run": json.dumps(facts)})
        write_whole(self.options.out / "checkpoint.safetensors", checkpoint)
        weights = {name: as_stored(value, self.description["layers"], name) for name, value in student.items()}
        about = copy.deepcopy(self.about_run)
        about["config"] = facts["config"]
        about["plan"] |= {"config": facts["config"], "totalSteps": self.total}
        about["versions"]["pytorch"] = f"{torch.__version__}, {self.world} processes, {self.device.type}"
        end = "finished" if self.step == self.total else "stopped"
        last = {name: value for name, value in zip(COLUMNS, self.rows[-1])}
        about["metrics"] |= {"end": {"kind": end}, "steps": self.step, "elapsedMs": facts["elapsedMs"], "last": last}
        with zipfile.ZipFile(self.options.out / "run.zip.part", "w", zipfile.ZIP_STORED) as bundle:
            bundle.writestr("run.json", json.dumps(about, indent=2))
            bundle.writestr("about.json", (HERE / "about.json").read_text(encoding="utf-8"))
            bundle.writestr("metrics.csv", metrics_csv(tensors["metrics"].tolist()))
            bundle.writestr("student.safetensors", safetensors(weights, self.description["metadata"]))
            bundle.writestr("checkpoint.safetensors", checkpoint)
        os.replace(self.options.out / "run.zip.part", self.options.out / "run.zip")


def refuse_unknown(config, networks, world):
    """Ends with a sentence for settings that are not done here."""
    batch, groups = config["batchSize"], config["batchNormGroups"]
    teacher = config["method"] == "disco"
    problems = (
        (config["method"] not in ("disco", "mocov2"), f"the method {config['method']}: disco and mocov2 are done"),
        (config["nested"] == "on", "nested embeddings"),
        (config["cachedViews"] > 0, "stored views"),
        (teacher and networks["teacher"] is None, "a teacher that is not in the folder"),
        (batch % world != 0, f"a batch of {batch} on {world} processes: their number must divide it"),
        (batch // world % groups != 0, f"{groups} BatchNorm groups of the {batch // world} images of a process"),
    )
    for is_so, what in problems:
        if is_so:
            raise SystemExit(f"This run cannot go on here. Not done: {what}.")


def schedule_factor(config, plan, step, total):
    """The share of the learning rate that a step uses; 0 is the first."""
    if config["schedule"] == "constant":
        return 1.0
    progress = step / total
    if config["schedule"] == "cosinePerEpoch":
        progress = (step // plan["stepsPerEpoch"]) / math.ceil(total / plan["stepsPerEpoch"])
    return 0.5 * (1 + math.cos(math.pi * progress))


def info_nce(query, key, queue, temperature):
    """mean of softplus(log sum exp(q Q / t) - q k / t)"""
    positive = (query * key).sum(1) / temperature
    return F.softplus(torch.logsumexp(query @ queue.T / temperature, 1) - positive).mean()


# Between processes


class SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes. Every one's loss depends on it, so gradients are summed, too."""

    @staticmethod
    def forward(context, value):
        total = value.contiguous().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(context, gradient):
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


def summed(value, world):
    return SumOverProcesses.apply(value) if world > 1 else value


def gathered(rows, world):
    """The rows of all processes in the batch's order."""
    if world == 1:
        return rows
    parts = [torch.empty_like(rows) for _ in range(world)]
    dist.all_gather(parts, rows.contiguous())
    return torch.cat(parts)


# Networks: the playground's own description, a list of layers that name their inputs by position


class BatchNorm(nn.Module):
    """BatchNorm whose statistics are those of the whole batch. With S groups sample n belongs to group n mod S."""

    def __init__(self, layer, world, groups):
        super().__init__()
        self.eps, self.momentum, self.world, self.groups = layer["eps"], layer["momentum"], world, groups
        channels = layer["channels"]
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        whole = self.world == 1 and self.groups == 1
        if whole or not self.training:
            self.num_batches_tracked += int(self.training)
            statistics = (self.running_mean, self.running_var)
            return F.batch_norm(x, *statistics, self.weight, self.bias, self.training, self.momentum, self.eps)
        groups, channels = self.groups, x.shape[1]
        parted = x.reshape(x.shape[0] // groups, groups, channels, -1)
        count = parted.shape[0] * parted.shape[3] * self.world
        mean = summed(parted.sum((0, 3)), self.world) / count  # [S, C]
        centred = parted - mean[:, :, None]
        variance = summed(centred.square().sum((0, 3)), self.world) / count
        scale = self.weight * (variance + self.eps).rsqrt()
        with torch.no_grad():
            self.running_mean.lerp_(mean.mean(0), self.momentum)
            self.running_var.lerp_(variance.mean(0) * (count / (count - 1)), self.momentum)
            self.num_batches_tracked += 1
        return (centred * scale[:, :, None] + self.bias[:, None]).reshape(x.shape)


ACTIVATIONS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
}


class Network(nn.Module):
    """A network of the playground; parameter names are torchvision's."""

    def __init__(self, description, world, groups):
        super().__init__()
        self.layers, self.embedding = description["layers"], description["embedding"]
        self.parts = [self.build(layer, world, groups) for layer in self.layers]  # a list: registered by name below
        for layer, part in zip(self.layers, self.parts):
            if part is not None:
                *parents, last = layer["name"].split(".")
                owner = self
                for name in parents:
                    if name not in owner._modules:
                        owner.add_module(name, nn.Module())
                    owner = owner._modules[name]
                owner.add_module(last, part)

    @staticmethod
    def build(layer, world, groups):
        if layer["kind"] == "conv":
            names = ("inChannels", "outChannels", "kernel", "stride", "padding")
            return nn.Conv2d(*(layer[name] for name in names), groups=layer["groups"], bias=layer["bias"])
        if layer["kind"] == "linear":
            return nn.Linear(layer["inFeatures"], layer["outFeatures"], layer["bias"])
        return BatchNorm(layer, world, groups) if layer["kind"] == "batchNorm" else None

    def forward(self, *views):
        """The embeddings of each view, [N, D]; one after the other, so each has statistics of its own."""
        return [self.embed(view) for view in views]

    def embed(self, images):
        results = []
        for layer, part in zip(self.layers[: self.embedding + 1], self.parts):
            kind, x = layer["kind"], results[layer["input"]] if "input" in layer else images
            if part is not None:
                x = part(x)
            elif kind == "activation":
                x = ACTIVATIONS[layer["fn"]](x)
            elif kind == "maxPool":
                x = F.max_pool2d(x, layer["kernel"], layer["stride"], layer["padding"])
            elif kind == "globalAveragePool":
                x = x.mean((2, 3))
            elif kind == "globalMaxPool":
                x = F.adaptive_max_pool2d(x, 1).flatten(1)
            elif kind == "add":
                x = results[layer["inputs"][0]] + results[layer["inputs"][1]]
            elif kind == "gate":
                x = x * results[layer["gate"]][:, :, None, None]
            elif kind != "input":
                raise SystemExit(f"networks.json names a layer that is not known here: {kind}")
            results.append(x)
        return results[self.embedding]


def layer_of(layers, name):
    """The layer that a tensor's name belongs to."""
    owner = name.rsplit(".", 1)[0]
    return next(layer for layer in layers if layer.get("name") == owner)


def to_pytorch(value, layers, name):
    """From the checkpoint's layouts: [k, k, in, out], depthwise [k, k, C, 1], [in, out]."""
    return in_layout(value, layers, name, (3, 2, 0, 1))


def from_pytorch(value, layers, name):
    return in_layout(value, layers, name, (2, 3, 1, 0))


def in_layout(value, layers, name, convolution):
    """Of all kernels a full convolution's alone is not laid out by the same permutation both ways."""
    if value.ndim == 2:
        return value.T
    if value.ndim == 4:
        layer = layer_of(layers, name)
        is_depthwise = 1 < layer["groups"] == layer["inChannels"]
        return value.permute((2, 3, 0, 1) if is_depthwise else convolution)
    return value


def as_stored(value, layers, name):
    """As torchvision's files have it: a squeeze-excite's products are convolutions there."""
    return value[:, :, None, None] if value.ndim == 2 and "storedAsConv" in layer_of(layers, name) else value


def normalise(images, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)):
    shape = (1, 3, 1, 1)
    return (images - images.new_tensor(mean).view(shape)) / images.new_tensor(std).view(shape)


class Teacher:
    """The frozen network, seen through the run's projection where it has one."""

    def __init__(self, description, run):
        self.description, self.config = description, run.config
        self.network = Network(description, run.world, 1).to(run.device).requires_grad_(False)
        weights, _ = read_safetensors(HERE / "teacher.safetensors")
        self.network.load_state_dict({name: value.reshape(value.shape[:2]) if is_product(description, name) else value
                                      for name, value in weights.items()})  # fmt: skip
        self.network.train(self.config["teacherBatchNorm"] == "train")
        self.mean, self.components = (
            run.tensors[name].to(run.device) if name in run.tensors else None
            for name in ("state/projection/mean", "state/projection/components")
        )

    def targets(self, first, second, plain):
        """Unit embeddings for both views; `plain` are those of the whole images, where the run uses them."""
        if self.config["teacherViews"] == "plain":
            return [plain, plain]
        return [self.embed(first), self.embed(second)]

    @torch.no_grad()
    def embed(self, images):
        """Unit embeddings [N, D] of images [N, 3, V, V] in [0, 1]."""
        side = self.config["teacherInputSize"] or self.description["inputSize"]
        if side not in (0, images.shape[2]):
            images = F.interpolate(images, size=(side, side), mode="bilinear", align_corners=False)
        rows = self.network.embed(normalise(images, self.description["mean"], self.description["std"]))
        if self.components is not None:
            rows = (F.normalize(rows) - self.mean) @ self.components
        return F.normalize(rows)


def is_product(description, name):
    return name.endswith(".weight") and layer_of(description["layers"], name)["kind"] == "linear"


# Optimisers. What they remember stands in the checkpoint by parameter name


class Sgd:
    """g + decay p; v <- momentum v + g; p <- p - rate v; decay on every parameter."""

    def __init__(self, network, config):
        self.config, self.steps = config, 0
        self.state = {"velocity": zeros_like(network.named_parameters())}

    @torch.no_grad()
    def step(self, network, rate):
        for name, parameter in network.named_parameters():
            velocity = self.state["velocity"][name]
            gradient = parameter.grad.add(parameter, alpha=self.config["weightDecay"])
            velocity.mul_(self.config["momentum"]).add_(gradient)
            parameter.sub_(velocity, alpha=rate)


class Muon:
    """Nesterov's momentum made nearly orthogonal; what is no matrix follows Adam at a tenth of the rate."""

    def __init__(self, network, config):
        self.config, self.steps = config, 0
        parameters = list(network.named_parameters())
        vectors = [(name, value) for name, value in parameters if value.ndim < 2]
        self.state = {
            "velocity": zeros_like((name, value) for name, value in parameters if value.ndim >= 2),
            "firstMoment": zeros_like(vectors),
            "secondMoment": zeros_like(vectors),
        }

    @torch.no_grad()
    def step(self, network, rate):
        self.steps += 1
        for name, parameter in network.named_parameters():
            if parameter.ndim < 2:
                self.move_vector(name, parameter, 0.1 * rate)
                continue
            momentum, velocity = self.config["momentum"], self.state["velocity"][name]
            velocity.mul_(momentum).add_(parameter.grad)
            direction = parameter.grad.add(velocity, alpha=momentum).flatten(1)
            outputs, inputs = direction.shape
            scale = math.sqrt(max(1, outputs / inputs))
            parameter.mul_(1 - rate * self.config["weightDecay"])
            parameter.sub_(orthogonalised(direction).view_as(parameter), alpha=rate * scale)

    def move_vector(self, name, parameter, rate, beta1=0.9, beta2=0.99, epsilon=1e-8):
        first, second = self.state["firstMoment"][name], self.state["secondMoment"][name]
        first.mul_(beta1).add_(parameter.grad, alpha=1 - beta1)
        second.mul_(beta2).addcmul_(parameter.grad, parameter.grad, value=1 - beta2)
        scale = (second / (1 - beta2**self.steps)).sqrt() + epsilon
        parameter.sub_(first / scale, alpha=rate / (1 - beta1**self.steps))


def orthogonalised(matrix, a=3.4445, b=-4.775, c=2.0315):
    """Newton-Schulz: five times X <- aX + (bA + cA^2)X, A = XX'."""
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if is_tall else matrix) / (matrix.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if is_tall else x


def zeros_like(named):
    return {name: torch.zeros_like(value, requires_grad=False) for name, value in named}


# Batches: two views of this process's share, and the teacher's embeddings of the whole images


def recorded_batches(options, run):
    """Recorded views: first/0, second/0, first/1 …, [B, 3, V, V] in [0, 1], and the whole images, plain/0 …"""
    recorded, _ = read_safetensors(options.batches)
    share = run.config["batchSize"] // run.world
    mine = slice(run.rank * share, (run.rank + 1) * share)
    for number in range(sum(name.startswith("first/") for name in recorded)):
        first, second = (recorded[f"{view}/{number}"][mine].to(run.device) for view in ("first", "second"))
        plain = None
        if run.teacher is not None and run.config["teacherViews"] == "plain":
            plain = run.teacher.embed(recorded[f"plain/{number}"][mine].to(run.device))
        yield first, second, plain


def pictures(options, run):
    """The folder's pictures in a new order each epoch, without end; the last partial batch is dropped."""
    files = picture_files(options.images)
    batch, share = run.config["batchSize"], run.config["batchSize"] // run.world
    if len(files) < batch:
        raise SystemExit(f"{len(files)} pictures in {options.images} do not fill a batch of {batch}.")
    per_epoch = len(files) // batch
    if run.rank == 0:
        print(f"{len(files)} pictures, {per_epoch} batches of {batch} an epoch, {run.world} processes", flush=True)
    side = run.about_run["dataset"]["size"]
    plain = embed_plain(files, side, options, run)
    for epoch in range(run.step // per_epoch, run.total):
        order = random.Random(f"{run.config['seed']} {epoch}").sample(range(len(files)), len(files))
        begin = max(0, run.step - epoch * per_epoch)
        shares = [order[i * batch + run.rank * share :][:share] for i in range(begin, per_epoch)]
        views = Views(files, side, run.config, f"{run.config['seed']} {epoch}")
        for first, second, indices in loader(views, shares, options):
            targets = None if plain is None else plain[indices].to(run.device)
            yield first.to(run.device), second.to(run.device), targets


def picture_files(folder):
    """All pictures below a folder but those that the page held out to judge the student by."""
    endings = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"}
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings)
    listed = HERE / "held_out.json"
    names = json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else []
    whole, ends = set(names), {end for name in names for end in ends_of(name)}
    paths = [path.relative_to(folder).as_posix() for path in files]
    return [file for file, path in zip(files, paths) if path not in ends and not whole.intersection(ends_of(path))]


def ends_of(path):
    """A path without its first folders, one after the other: the page may have begun further up, or further down."""
    parts = path.split("/")
    return ["/".join(parts[i:]) for i in range(len(parts))]


def loader(dataset, batches, options):
    return torch.utils.data.DataLoader(dataset, batch_sampler=batches, num_workers=options.workers)


def embed_plain(files, side, options, run):
    """The teacher's embeddings of all pictures seen whole, [count, D]; None where it sees the views."""
    if run.teacher is None or run.config["teacherViews"] != "plain":
        return None
    per_process = math.ceil(len(files) / run.world)
    mine = [min(i, len(files) - 1) for i in range(run.rank * per_process, (run.rank + 1) * per_process)]
    whole = Whole(files, side, run.config["imageSize"])
    some = [mine[i : i + 64] for i in range(0, len(mine), 64)]
    rows = torch.cat([run.teacher.embed(images.to(run.device)) for images in loader(whole, some, options)])
    return gathered(rows, run.world)[: len(files)].cpu()


class Whole(torch.utils.data.Dataset):
    def __init__(self, files, side, size):
        self.files, self.side, self.size = files, side, size

    def __getitem__(self, index):
        image = read_picture(self.files[index], self.side)
        return resize(image, self.size)


class Views(torch.utils.data.Dataset):
    """Two random views of a picture, drawn from the seed, the epoch and the picture's number."""

    def __init__(self, files, side, config, seed):
        self.files, self.side, self.config, self.seed = files, side, config, seed

    def __getitem__(self, index):
        image = read_picture(self.files[index], self.side)
        chance = random.Random(f"{self.seed} {index}")
        drawn = [draw_view(chance, self.config, self.side) for _ in range(2)]
        return *(render_view(image, view, self.config["imageSize"]) for view in drawn), index


def read_picture(path, side):
    """[3, side, side] in [0, 1]: the square in the middle, turned as the camera says, transparency on white."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise SystemExit("Pillow reads the pictures and is not installed: python3 -m pip install pillow")
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    pixels = pixels.reshape(image.height, image.width, 3).permute(2, 0, 1).float() / 255
    short = min(image.height, image.width)
    top, left = (image.height - short) // 2, (image.width - short) // 2
    square = resize(pixels[:, top : top + short, left : left + short], side)
    return (square * 255).round().clamp(0, 255) / 255  # the page keeps bytes


def resize(image, side):
    if image.shape[1:] == (side, side):
        return image
    size = (side, side)
    return F.interpolate(image[None], size=size, mode="bilinear", antialias=True, align_corners=False)[0]


# Views, as torchvision draws and renders them on floats


def draw_view(chance, config, side):
    """Crop, colours in a random order, grey, blur, mirror: what one random view is rendered from."""
    view = {"crop": draw_crop(chance, config, side), "jitter": [], "grayscale": False, "blurSigma": 0.0}
    if chance.random() < config["jitterProbability"]:
        order = chance.sample(("brightness", "contrast", "saturation", "hue"), 4)
        for name in order:
            strength = config[name]
            low, high = (-strength, strength) if name == "hue" else (max(0, 1 - strength), 1 + strength)
            view["jitter"].append((name, chance.uniform(low, high)))
    view["grayscale"] = chance.random() < config["grayscaleProbability"]
    if chance.random() < config["blurProbability"]:
        view["blurSigma"] = chance.uniform(config["blurSigmaMin"], config["blurSigmaMax"])
    view["flip"] = chance.random() < config["flipProbability"]
    return view


def draw_crop(chance, config, side):
    """Top, left, height, width: up to ten tries of a random share of the area and ratio, then what is in the middle."""
    low, high = config["cropRatioMin"], config["cropRatioMax"]
    for _ in range(10):
        area = side * side * chance.uniform(config["cropScaleMin"], config["cropScaleMax"])
        ratio = math.exp(chance.uniform(math.log(low), math.log(high)))
        height, width = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
        if 0 < width <= side and 0 < height <= side:
            return chance.randint(0, side - height), chance.randint(0, side - width), height, width
    return 0, 0, side, side  # a square: its ratio of 1 is always allowed


def render_view(image, view, size):
    """[3, size, size] of an image [3, S, S] in [0, 1]."""
    top, left, height, width = view["crop"]
    pixels = resize(image[:, top : top + height, left : left + width], size)
    for name, amount in view["jitter"]:
        pixels = COLOURS[name](pixels, amount)
    if view["grayscale"]:
        pixels = grey(pixels).expand_as(pixels)
    if view["blurSigma"] > 0:
        pixels = blur(pixels, view["blurSigma"])
    return pixels.flip(2) if view["flip"] else pixels


def grey(pixels):
    return (pixels * pixels.new_tensor((0.2989, 0.587, 0.114)).view(3, 1, 1)).sum(0, keepdim=True)


def towards(pixels, other, factor):
    return (factor * pixels + (1 - factor) * other).clamp(0, 1)


def turn_hue(pixels, turns):
    """Turns the hue and keeps HSV's saturation and value."""
    high, low = pixels.amax(0), pixels.amin(0)
    spread = high - low
    safe = torch.where(spread == 0, torch.ones_like(spread), spread)
    red, green, blue = pixels
    hue = torch.where(high == red, (green - blue) / safe,
                      torch.where(high == green, 2 + (blue - red) / safe, 4 + (red - green) / safe))  # fmt: skip
    hue = (hue + 6 * turns) % 6
    channels = []
    for offset in (5, 3, 1):  # value - range * max(0, min(k, 4 - k, 1)), k = (offset + hue) mod 6
        k = (offset + hue) % 6
        channels.append(high - spread * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(channels)


COLOURS = {
    "brightness": lambda pixels, factor: towards(pixels, 0, factor),
    "contrast": lambda pixels, factor: towards(pixels, grey(pixels).mean(), factor),
    "saturation": lambda pixels, factor: towards(pixels, grey(pixels), factor),
    "hue": turn_hue,
}


def blur(pixels, sigma):
    """A Gaussian that reaches 3 sigma, mirrored at the border without repeating the edge."""
    size, radius = pixels.shape[1], math.ceil(3 * sigma)
    weights = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    period = max(1, 2 * (size - 1))
    folded = torch.arange(-radius, size + radius) % period
    places = torch.minimum(folded, period - folded) if size > 1 else folded * 0
    padded = pixels[:, places][:, :, places][None]
    kernel = (weights / weights.sum()).expand(3, 1, -1)
    across = F.conv2d(padded, kernel[:, :, None, :], groups=3)
    return F.conv2d(across, kernel[:, :, :, None], groups=3)[0]


# Files


def read_safetensors(path):
    """Tensors and metadata of a safetensors file: a JSON header and the bytes behind it."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    types = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        kind = types[entry["dtype"]]
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=kind) if end > begin else torch.empty(0, dtype=kind)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors, metadata


def safetensors(tensors, metadata):
    """The bytes of a safetensors file, whole numbers first so that all are aligned."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    names = sorted(tensors, key=lambda name: -tensors[name].element_size())
    header, pieces, length = {"__metadata__": metadata}, [], 0
    for name in names:
        value = tensors[name]
        piece = ctypes.string_at(value.data_ptr(), value.nbytes)
        kind = {torch.float32: "F32", torch.int64: "I64"}[value.dtype]
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [length, length + len(piece)]}
        pieces.append(piece)
        length += len(piece)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(pieces)


def write_whole(path, data):
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)


def metrics_csv(rows):
    """As the playground writes it: a line for each step."""
    words = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    lines = [COLUMNS, *([words.get(text := f"{value:.9g}", text) for value in row] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


if __name__ == "__main__":
    main()
