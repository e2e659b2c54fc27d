"""Figures of a batch for TensorBoard and the like. Matplotlib is imported when one is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

__all__ = ["fig_to_image", "get_fig_dict", "get_image_dict", "get_image_grid"]


def get_fig_dict(
    input_data: torch.Tensor, target_data: torch.Tensor, outputs: torch.Tensor, classes: Sequence[str]
) -> dict[str, Any]:
    """Return one figure a class: raw, target and prediction of every sample, the middle section of volumes.

    Parameters
    ----------
    input_data : (batch, channels, *spatial)
    target_data, outputs : (batch, classes, *spatial)
    classes : names of the classes, in their order
    """
    from matplotlib.figure import Figure

    figures = {}
    for index, name in enumerate(classes):
        count = len(input_data)
        figure = Figure(figsize=(9, 3 * count), layout="tight")
        axes = figure.subplots(count, 3, squeeze=False)
        for sample in range(count):
            shown = (
                ("raw", input_data[sample, 0], {"cmap": "gray"}),
                (f"{name}, target", target_data[sample, index], {"vmin": 0, "vmax": 1}),
                (f"{name}, prediction", outputs[sample, index], {}),
            )
            for axis, (title, values, style) in zip(axes[sample], shown, strict=True):
                picture = axis.imshow(_section(values), **style)
                axis.set_title(title)
                axis.axis("off")
                figure.colorbar(picture, ax=axis, shrink=0.7)
        figures[name] = figure
    return figures


def fig_to_image(figure: Any) -> np.ndarray:
    """Return the pixels of a figure, (height, width, RGB), bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def get_image_dict(
    input_data: torch.Tensor, target_data: torch.Tensor, outputs: torch.Tensor, classes: Sequence[str]
) -> dict[str, torch.Tensor]:
    """Do as `get_fig_dict`, as pictures: (RGB, height, width), bytes."""
    figures = get_fig_dict(input_data, target_data, outputs, classes)
    return {name: torch.from_numpy(fig_to_image(figure)).permute(2, 0, 1) for name, figure in figures.items()}


def get_image_grid(
    input_data: torch.Tensor, target_data: torch.Tensor, outputs: torch.Tensor, classes: Sequence[str]
) -> torch.Tensor:
    """Return the pictures of all classes below each other: (RGB, height, width), bytes."""
    return torch.cat(list(get_image_dict(input_data, target_data, outputs, classes).values()), dim=1)


def _section(values: torch.Tensor) -> np.ndarray:
    array = values.detach().float().cpu().numpy()
    while array.ndim > 2:
        array = array[len(array) // 2]
    return array
