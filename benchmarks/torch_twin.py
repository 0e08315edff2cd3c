"""The same networks in PyTorch, for comparison: plain modules, random weights, channels last.

`benchmarks/inference.py --torch_python=PATH` runs this file with another interpreter, which needs
torch and numpy alone. A line on stdin with a number of driving frames is answered with
"answer SECONDS", the line "memory" with the peak in MiB.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Down(nn.Module):
    """3x3 convolution, relu and norm in either order, pooling."""

    def __init__(self, channels: int, filters: int, order: str) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, padding=1)
        self.norm = nn.BatchNorm2d(filters)
        self.order = order

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        if self.order == "relu_norm":
            x = self.norm(functional.relu(x))
        else:
            x = functional.relu(self.norm(x))
        return functional.avg_pool2d(x, 2)


class Up(nn.Module):
    """Up-sampling, 3x3 convolution, norm, relu."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, padding=1)
        self.norm = nn.BatchNorm2d(filters)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.norm(self.conv(functional.interpolate(x, scale_factor=2))))


class Residual(nn.Module):
    """Twice norm, relu and 3x3 convolution, added to the input."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(filters) for _ in range(2))
        self.convs = nn.ModuleList(nn.Conv2d(filters, filters, 3, padding=1) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        for norm, conv in zip(self.norms, self.convs):
            y = conv(functional.relu(norm(y)))
        return x + y


class Hourglass(nn.Module):
    """Encoder-decoder with a 7x7 convolution and a sigmoid at its end."""

    def __init__(
        self, channels: int, outputs: int, shape: dict, width: float, order: str, skips: bool
    ) -> None:
        super().__init__()
        expansion, largest = (
            max(1, round(shape[key] * width)) for key in ("block_expansion", "max_features")
        )
        widths = [min(largest, expansion * 2**i) for i in range(shape["blocks"] + 1)]
        self.skips = skips
        inputs = [channels, *widths[1:]]
        self.downs = nn.ModuleList(Down(a, b, order) for a, b in zip(inputs, widths[1:]))
        ups, features = [], widths[-1]
        for filters, skip in zip(widths[-2::-1], inputs[-2::-1]):
            ups.append(Up(features, filters))
            features = filters + skip if skips else filters
        self.ups = nn.ModuleList(ups)
        self.final = nn.Conv2d(features, outputs, 7, padding=3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        encoded = [x]
        for down in self.downs:
            encoded.append(down(encoded[-1]))
        x = encoded.pop()
        for up in self.ups:
            x, skip = up(x), encoded.pop()
            x = torch.cat((x, skip.to(x.dtype)), 1) if self.skips else x
        return torch.sigmoid(self.final(x))


class Animator(nn.Module):
    """Source and driving frames `[batch, 3, size, size]` to frames; test time only."""

    def __init__(self, model: dict) -> None:
        super().__init__()
        width, order, scale = model["width"], model["encoder_order"], model["mask_scale"]
        self.mask_size = int(model["image_size"] * scale)
        self.size = model["image_size"]
        self.masks = Hourglass(3, 1, model["mask_generator"], width, order, False)
        self.refiner = Hourglass(5, 1, model["mask_refiner"], width, order, False)
        features = max(1, round(model["low_res_generator"]["features"] * width))
        layers: list[nn.Module] = [
            nn.Conv2d(5, features, 7, padding=3),
            nn.BatchNorm2d(features),
            nn.ReLU(),
        ]
        layers += [Residual(features) for _ in range(model["low_res_generator"]["residual_blocks"])]
        size = self.mask_size
        while size < self.size:
            layers.append(Up(features, max(1, features // 2)))
            features, size = max(1, features // 2), 2 * size
        layers += [nn.Conv2d(features, 3, 7, padding=3), nn.Sigmoid()]
        self.low = nn.Sequential(*layers)
        self.high = Hourglass(8, 3, model["high_res_generator"], width, order, True)

    def forward(self, source: torch.Tensor, driving: torch.Tensor) -> torch.Tensor:
        small = self._resized(source, self.mask_size)
        source_mask = self.masks(small).float()
        mask = self.masks(self._resized(driving, self.mask_size)).float()
        count = len(driving)
        small, source_mask, source = (
            x.expand(count, *x.shape[1:]) for x in (small, source_mask, source)
        )
        perturbed = self._perturbed(mask)
        refined = self.refiner(torch.cat((small, source_mask, perturbed), 1)).float()
        coarse = self.low(torch.cat((small, source_mask, refined), 1)).float()
        large = (self._resized(x, self.size) for x in (source_mask, refined))
        first, second = large
        return self.high(torch.cat((source, first, coarse, second), 1)).float()

    def _perturbed(self, masks: torch.Tensor) -> torch.Tensor:
        level = masks.flatten(1).median(1).values[:, None, None, None]
        border = round(self.mask_size * 0.25 / 2)
        inner = self._resized(masks * (masks >= level), self.mask_size - 2 * border)
        return functional.pad(inner, (border,) * 4)

    @staticmethod
    def _resized(x: torch.Tensor, size: int) -> torch.Tensor:
        return functional.interpolate(x, (size, size), mode="bilinear", align_corners=False)


def main(model: dict, precision: str) -> None:
    torch.manual_seed(0)
    animator = Animator(model).eval().to(memory_format=torch.channels_last)
    size = model["image_size"]

    def cast() -> contextlib.AbstractContextManager:
        if precision == "bfloat16":
            return torch.autocast("cpu", torch.bfloat16)
        return contextlib.nullcontext()

    for line in sys.stdin:
        if line.strip() == "memory":
            with open("/proc/self/status") as status:
                kilobytes = next(s.split()[1] for s in status if s.startswith("VmHWM:"))
            print("answer", int(kilobytes) / 1024, flush=True)
            continue
        driving = torch.rand(int(line), 3, size, size).to(memory_format=torch.channels_last)
        started = time.perf_counter()
        with torch.inference_mode(), cast():
            animator(driving[:1], driving).numpy()
        print("answer", time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2])
