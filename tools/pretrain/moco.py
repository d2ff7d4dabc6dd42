"""MoCo-v2 (arXiv 2003.04297) with the key encoder's BatchNorm in evaluation mode (EMAN, arXiv 2101.08482).

    L = mean -log( exp(q·k/τ) / (exp(q·k/τ) + Σⱼ exp(q·Qⱼ/τ)) )        q, k, Q unit rows

The key encoder follows the query encoder in its parameters and in its running statistics, and normalises with those:
what a key is depends on its own image alone, so nothing of the batch can give it away. MoCo shuffles the batch over
several GPUs, or splits it, to the same end.
"""

import contextlib
import copy
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from augment import UNIFORMS, ViewOptions, cropped, plain_views, recoloured
from network import Encoder, calibrate, running_statistics


class MoCoOptions(NamedTuple):
    batch: int = 512
    drawn_share: float = 0.25
    """Of each batch, the share of drawn pictures; the rest are natural images."""
    learning_rate: float = 0.06
    momentum: float = 0.9
    weight_decay: float = 5e-4
    ema: float = 0.99
    queue: int = 4096
    temperature: float = 0.1
    view_size: int = 32


class Source:
    """Images on the device, dealt out in a new order each epoch; the last partial batch is dropped."""

    def __init__(self, pixels: Tensor, batch: int, generator: torch.Generator):
        self.pixels, self.batch, self.generator = pixels, batch, generator
        self.rows = torch.zeros(batch, dtype=torch.long, device=pixels.device)
        self.epoch, self.place, self.order = 0, len(pixels), self.rows

    def deal(self) -> None:
        """Puts the next batch's indices into `rows`."""
        if self.place + self.batch > len(self.pixels):
            device = self.pixels.device
            self.order = torch.randperm(len(self.pixels), generator=self.generator, device=device)
            self.place = 0
            self.epoch += 1
        self.rows.copy_(self.order[self.place : self.place + self.batch])
        self.place += self.batch


class MoCo:
    """`advance` is one step. On a GPU the step is captured as a CUDA graph once and replayed."""

    def __init__(
        self,
        network: Encoder,
        natural: Tensor,
        drawn: Tensor,
        options: MoCoOptions,
        views: ViewOptions,
        seed: int,
    ):
        """@param natural, drawn uint8 [N, S, S, 3] on the device, squares of a size of their own."""
        self.options, self.view_options = options, views
        self.device = natural.device
        self.generator = torch.Generator(self.device).manual_seed(seed)
        of_drawn = round(options.batch * options.drawn_share)
        self.sources = [
            Source(pixels, count, self.generator)
            for pixels, count in ((natural, options.batch - of_drawn), (drawn, of_drawn))
            if count > 0
        ]
        self.network = network.to(self.device, memory_format=torch.channels_last).train()
        self.uniforms = torch.zeros(2, options.batch, UNIFORMS, device=self.device)
        calibrate(self.network, self.batches(8))
        self.key_network = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.parameters = list(self.network.parameters())
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]
        keys = torch.randn(options.queue, self.network.fc[-1].out_features, generator=self.generator, device=self.device)
        self.queue = F.normalize(keys)
        self.learning_rate = torch.zeros((), device=self.device)
        self.loss = torch.zeros((), device=self.device)
        self.steps = 0
        self.graph: torch.cuda.CUDAGraph | None = None

    def deal(self) -> None:
        """Draws what the next step is to see: images and the randomness of their views."""
        for source in self.sources:
            source.deal()
        self.uniforms.uniform_(generator=self.generator)

    def render(self) -> tuple[Tensor, Tensor]:
        """Two random views of each image. Every source is cropped at its own size, colours are changed together."""
        parts, first = [], 0
        for source in self.sources:
            uniforms = self.uniforms[:, first : first + source.batch].flatten(0, 1)
            first += source.batch
            pixels = source.pixels[source.rows].repeat(2, 1, 1, 1)
            crops = cropped(pixels, uniforms, self.options.view_size, self.view_options)
            parts.append(crops.unflatten(0, (2, source.batch)))
        crops = torch.cat(parts, 1).flatten(0, 1)
        views = recoloured(crops, self.uniforms.flatten(0, 1), self.view_options)
        one, other = views.contiguous(memory_format=torch.channels_last).chunk(2)
        return one, other

    def batches(self, count: int, plain: bool = False) -> Iterator[Tensor]:
        for _ in range(count):
            self.deal()
            yield self.render_plain() if plain else self.render()[0]

    def render_plain(self) -> Tensor:
        """The same images, whole."""
        size = self.options.view_size
        parts = [plain_views(source.pixels[source.rows], size) for source in self.sources]
        return torch.cat(parts).contiguous(memory_format=torch.channels_last)

    def autocast(self) -> contextlib.AbstractContextManager:
        """bfloat16 for convolutions on a GPU. Without the cache of cast weights, which a graph cannot capture."""
        if self.device.type != "cuda":
            return contextlib.nullcontext()
        return torch.autocast("cuda", torch.bfloat16, cache_enabled=False)

    def compute(self) -> None:
        """Everything of a step that happens on the device, without a choice made on the host."""
        options = self.options
        with torch.no_grad():
            follow = 1 - options.ema
            torch._foreach_lerp_(list(self.key_network.parameters()), self.parameters, follow)
            torch._foreach_lerp_(running_statistics(self.key_network), running_statistics(self.network), follow)
            first, second = self.render()
            with self.autocast():
                keys = self.key_network(second)[1]
            keys = F.normalize(keys.float())
        with self.autocast():
            queries = self.network(first)[1]
        queries = F.normalize(queries.float())
        positive = (queries * keys).sum(1, keepdim=True)
        logits = torch.cat([positive, queries @ self.queue.T], 1) / options.temperature
        loss = (logits.logsumexp(1) - logits[:, 0]).mean()
        gradients = list(torch.autograd.grad(loss, self.parameters))
        with torch.no_grad():
            torch._foreach_add_(gradients, [p.detach() for p in self.parameters], alpha=options.weight_decay)
            torch._foreach_mul_(self.velocities, options.momentum)
            torch._foreach_add_(self.velocities, gradients)
            torch._foreach_sub_(self.parameters, torch._foreach_mul(self.velocities, self.learning_rate))
            self.queue.copy_(torch.cat([keys, self.queue[: -len(keys)]]))
            self.loss.lerp_(loss.detach(), 0.01 if self.steps else 1.0)

    def capture(self, learning_rate: float) -> None:
        """Makes the step a CUDA graph. The three steps it takes to warm up are real ones."""
        self.learning_rate.fill_(learning_rate)
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.deal()
                self.compute()
                self.steps += 1
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.compute()
        self.graph = graph

    def advance(self, learning_rate: float) -> None:
        self.learning_rate.fill_(learning_rate)
        self.deal()
        if self.graph is None:
            self.compute()
        else:
            self.graph.replay()
        self.steps += 1

    def state(self) -> dict:
        """What a run goes on from. Epochs start anew: the order of the one under way is not kept."""
        return {
            "network": self.network.state_dict(),
            "key_network": self.key_network.state_dict(),
            "velocities": self.velocities,
            "queue": self.queue,
            "loss": self.loss,
            "generator": self.generator.get_state(),
            "steps": self.steps,
            "epochs": [source.epoch for source in self.sources],
        }

    def restore(self, state: dict) -> None:
        """In place, so that a captured graph stays valid."""
        self.network.load_state_dict(state["network"])
        self.key_network.load_state_dict(state["key_network"])
        with torch.no_grad():
            for velocity, saved in zip(self.velocities, state["velocities"]):
                velocity.copy_(saved)
        self.queue.copy_(state["queue"])
        self.loss.copy_(state["loss"])
        self.generator.set_state(state["generator"].cpu())
        self.steps = state["steps"]
        for source, epoch in zip(self.sources, state["epochs"]):
            source.epoch, source.place = epoch, len(source.pixels)
