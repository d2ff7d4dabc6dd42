"""Random views of a whole batch at once, on the device: torchvision's crop, jitter, grayscale and flip as tensor operations.

Randomness comes in as uniform numbers, one row of `UNIFORMS` for each view, so that a view is a pure function and a
step that renders views can be captured in a CUDA graph. Two things are simpler than torchvision's: hue comes before
or after the other colour operations, never between them, and there is no blur.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

CROP_TRIES = 10
UNIFORMS = 2 * CROP_TRIES + 13

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
LUMA = (0.2989, 0.587, 0.114)


class ViewOptions(NamedTuple):
    """Numbers, or tensors on the device where they are to change without a new graph."""

    crop_scale_min: float | Tensor = 0.2
    jitter_probability: float | Tensor = 0.8
    jitter: float | Tensor = 0.4
    """Brightness, contrast and saturation are multiplied by 1 ± this."""
    hue: float | Tensor = 0.1
    grayscale_probability: float | Tensor = 0.2


def random_views(pixels: Tensor, uniforms: Tensor, size: int, options: ViewOptions) -> Tensor:
    """@param pixels uint8 [N, S, S, 3].  @param uniforms [N, UNIFORMS].  @returns [N, 3, size, size], normalised."""
    return recoloured(cropped(pixels, uniforms, size, options), uniforms, options)


def cropped(pixels: Tensor, uniforms: Tensor, size: int, options: ViewOptions) -> Tensor:
    """Cropped, resized and mirrored. @returns [N, 3, size, size] in [0, 1]."""
    side = pixels.shape[1]
    top, left, height, width = crop_boxes(uniforms, side, options.crop_scale_min)
    down = resize_weights(top, height, side, size)
    across = resize_weights(left, width, side, size)
    flips = (uniforms[:, -2] < 0.5)[:, None, None]
    across = torch.where(flips, across.flip(1), across)
    images = pixels.permute(0, 3, 1, 2).float().div(255)
    return down[:, None] @ images @ across[:, None].transpose(2, 3)


def recoloured(views: Tensor, uniforms: Tensor, options: ViewOptions) -> Tensor:
    """Jittered, perhaps grey, and normalised."""
    u = uniforms[:, 2 * CROP_TRIES + 2 :]
    jittered = u[:, 0] < options.jitter_probability
    factors = 1 + options.jitter * (2 * u[:, 1:4] - 1)
    factors = torch.where(jittered[:, None], factors, 1)
    turns = torch.where(jittered, options.hue * (2 * u[:, 4] - 1), 0)
    hue_first = u[:, 8] < 0.5
    views = shift_hue(views, torch.where(hue_first, turns, 0))
    views = blend_in_random_order(views, factors, u[:, 5:8].argsort(1))
    views = shift_hue(views, torch.where(hue_first, 0, turns))
    gray = (u[:, 10] < options.grayscale_probability)[:, None, None, None]
    return normalise(torch.where(gray, luma(views), views))


def plain_views(pixels: Tensor, size: int) -> Tensor:
    """The whole of each image, resized only. @returns [N, 3, size, size], normalised."""
    count, side = pixels.shape[:2]
    whole = resize_weights(
        torch.zeros(count, device=pixels.device), torch.full((count,), float(side), device=pixels.device), side, size
    )[:, None]
    return normalise(whole @ pixels.permute(0, 3, 1, 2).float().div(255) @ whole.transpose(2, 3))


def normalise(images: Tensor) -> Tensor:
    return torch.stack([(images[:, c] - IMAGENET_MEAN[c]) / IMAGENET_STD[c] for c in range(3)], 1)


def crop_boxes(uniforms: Tensor, side: int, scale_min: float | Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """RandomResizedCrop's boxes: the first of ten tries that fits, else the whole image. @returns top, left, height, width."""
    areas = side * side * (scale_min + (1 - scale_min) * uniforms[:, :CROP_TRIES])
    ratios = torch.exp(math.log(3 / 4) + math.log(16 / 9) * uniforms[:, CROP_TRIES : 2 * CROP_TRIES])
    widths, heights = (areas * ratios).sqrt().round(), (areas / ratios).sqrt().round()
    fits = (widths <= side) & (heights <= side) & (widths > 0) & (heights > 0)
    first = fits.int().argmax(1, keepdim=True)
    found = fits.gather(1, first)[:, 0]
    width = torch.where(found, widths.gather(1, first)[:, 0], side)
    height = torch.where(found, heights.gather(1, first)[:, 0], side)
    top = (uniforms[:, 2 * CROP_TRIES] * (side - height + 1)).floor()
    left = (uniforms[:, 2 * CROP_TRIES + 1] * (side - width + 1)).floor()
    return top, left, height, width


def resize_weights(start: Tensor, length: Tensor, side: int, size: int) -> Tensor:
    """PyTorch's antialiased bilinear resize of `length` pixels from `start` on, as a matrix. @returns [N, size, side]."""
    scale = (length / size)[:, None, None]
    reach = scale.clamp(min=1)
    targets = torch.arange(size, device=start.device)[None, :, None]
    pixels = torch.arange(side, device=start.device)[None, None, :]
    centres = start[:, None, None] + scale * (targets + 0.5)
    weights = (1 - (pixels + 0.5 - centres).abs() / reach).clamp(min=0)
    inside = (pixels >= start[:, None, None]) & (pixels < (start + length)[:, None, None])
    weights = weights * inside
    return weights / weights.sum(2, keepdim=True)


def luma(images: Tensor) -> Tensor:
    return (LUMA[0] * images[:, 0] + LUMA[1] * images[:, 1] + LUMA[2] * images[:, 2])[:, None]


def blend_in_random_order(images: Tensor, factors: Tensor, order: Tensor) -> Tensor:
    """Brightness, contrast and saturation: each a blend with black, with the mean grey, with each pixel's grey.

    @param factors [N, 3], 1 = unchanged.  @param order [N, 3], a permutation of the three for each image.
    """
    for place in range(3):
        which = order[:, place : place + 1]
        factor = factors.gather(1, which)[:, :, None, None]
        kind = which[:, :, None, None]
        grey = luma(images)
        other = torch.where(kind == 2, grey, torch.where(kind == 1, grey.mean((2, 3), keepdim=True), 0))
        images = (factor * images + (1 - factor) * other).clamp(0, 1)
    return images


def shift_hue(images: Tensor, turns: Tensor) -> Tensor:
    """Through HSV and back; each channel is value - chroma * clamp(min(k, 4 - k), 0, 1), k = (n + 6 hue) mod 6."""
    value = images.amax(1, keepdim=True)
    chroma = value - images.amin(1, keepdim=True)
    red, green, blue = images.split(1, 1)
    divisor = torch.where(chroma > 0, chroma, 1)
    sector = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    n = (5 - 2 * torch.arange(3, device=images.device))[None, :, None, None]
    k = (n + sector + 6 * turns[:, None, None, None]).remainder(6)
    return value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)

