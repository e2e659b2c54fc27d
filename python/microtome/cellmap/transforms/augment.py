"""Changes of values as modules, which compose with those of torchvision. Draws are of torch's own generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..utils.misc import torch_max_value

__all__ = ["Binarize", "GaussianBlur", "GaussianNoise", "NaNtoNum", "Normalize", "RandomContrast", "RandomGamma"]


class _Change(nn.Module):
    """One change, which ``change(x)`` and ``change.transform(x)`` make."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.transform(x)

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


class Normalize(_Change):
    """``(x + shift) * scale``, as float."""

    def __init__(self, shift: float = 0.0, scale: float = 1 / 255) -> None:
        super().__init__()
        self.shift, self.scale = shift, scale

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        return (x.float() + self.shift) * self.scale

    def extra_repr(self) -> str:
        return f"shift={self.shift}, scale={self.scale}"


class NaNtoNum(_Change):
    """``torch.nan_to_num`` with the keywords of a dict."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__()
        self.params = dict(params)

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nan_to_num(x, **self.params)

    def extra_repr(self) -> str:
        return f"{self.params}"


class Binarize(_Change):
    """1 above a threshold and 0 elsewhere, in the type of its input; NaN stays."""

    def __init__(self, threshold: float = 0.0) -> None:
        super().__init__()
        self.threshold = threshold

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        made = (x > self.threshold).to(x.dtype)
        return torch.where(x.isnan(), x, made) if x.dtype.is_floating_point else made

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}"


class GaussianNoise(_Change):
    """Adds a normal draw to each element."""

    def __init__(self, mean: float = 0.0, std: float = 0.1) -> None:
        super().__init__()
        self.mean, self.std = mean, std

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        drawn = torch.randn(x.shape, dtype=x.dtype if x.dtype.is_floating_point else torch.float32, device=x.device)
        return x + drawn * self.std + self.mean

    def extra_repr(self) -> str:
        return f"mean={self.mean}, std={self.std}"


class RandomContrast(_Change):
    """``r x + (1 - r) mean`` with r drawn from a range; the mean is over the first axis, and the result within its type."""

    def __init__(self, contrast_range: tuple[float, float] = (0.5, 1.5)) -> None:
        super().__init__()
        self.contrast_range = contrast_range

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        ratio = _drawn(self.contrast_range)
        values = torch.nan_to_num(x.float(), nan=0.0, posinf=0.0, neginf=0.0)
        made = ratio * values + (1.0 - ratio) * values.mean(dim=0, keepdim=True)
        return made.clamp(0, torch_max_value(x.dtype)).to(x.dtype)

    def extra_repr(self) -> str:
        return f"contrast_range={self.contrast_range}"


class RandomGamma(_Change):
    """``x ** g`` with g drawn from a range; integers become 0 to 1 first, and the result is within that."""

    def __init__(self, gamma_range: tuple[float, float] = (0.5, 1.5)) -> None:
        super().__init__()
        self.gamma_range = gamma_range

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        if not x.dtype.is_floating_point:
            x = x.float() / torch_max_value(x.dtype)
        made = torch.nan_to_num(x ** _drawn(self.gamma_range), nan=0.0, posinf=0.0, neginf=0.0)
        return made.clamp(0.0, 1.0)

    def extra_repr(self) -> str:
        return f"gamma_range={self.gamma_range}"


class GaussianBlur(_Change):
    """The mean weighted by ``exp(-r² / 2 σ²)`` over an odd number of elements a side; edges are repeated outwards."""

    def __init__(self, kernel_size: int = 3, sigma: float = 0.1, dim: int = 2, channels: int = 1) -> None:
        super().__init__()
        assert kernel_size % 2 == 1, f"kernel_size {kernel_size}: expected an odd number"
        assert dim in (2, 3), f"dim {dim}: expected 2 or 3"
        self.kernel_size, self.sigma, self.dim, self.channels = kernel_size, sigma, dim, channels
        reach = torch.arange(kernel_size, dtype=torch.float32) - kernel_size // 2
        line = torch.exp(-(reach**2) / (2 * sigma**2))
        kernel = line
        for _ in range(dim - 1):
            kernel = kernel[..., None] * line
        weights = (kernel / kernel.sum()).expand(channels, 1, *kernel.shape).contiguous()
        self.register_buffer("weights", weights, persistent=False)

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        lacking = self.dim + 2 - x.ndim
        values = x[(None,) * lacking] if lacking > 0 else x
        reach = self.kernel_size // 2
        padded = nn.functional.pad(values.float(), [reach] * (2 * self.dim), mode="replicate")
        convolve = nn.functional.conv2d if self.dim == 2 else nn.functional.conv3d
        made = convolve(padded, self.weights, groups=self.channels)
        return made.reshape(x.shape)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, sigma={self.sigma}, dim={self.dim}, channels={self.channels}"


def _drawn(span: tuple[float, float]) -> float:
    lo, hi = span
    return lo + (hi - lo) * torch.rand(1).item()
