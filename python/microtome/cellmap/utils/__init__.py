"""Helpers that training scripts import from ``cellmap_data.utils``."""

from __future__ import annotations

from .array import array_has_singleton_dim, expand_scale, get_sliced_shape, is_array_2D, permute_singleton_dimension
from .figs import fig_to_image, get_fig_dict, get_image_dict, get_image_grid
from .geometry import box_intersection, box_shape, box_union
from .metadata import (
    add_multiscale_metadata_levels,
    create_multiscale_metadata,
    generate_base_multiscales_metadata,
    write_metadata,
)
from .misc import longest_common_substring, min_redundant_inds, split_target_path, torch_max_value

__all__ = [
    "add_multiscale_metadata_levels",
    "array_has_singleton_dim",
    "box_intersection",
    "box_shape",
    "box_union",
    "create_multiscale_metadata",
    "expand_scale",
    "fig_to_image",
    "generate_base_multiscales_metadata",
    "get_fig_dict",
    "get_image_dict",
    "get_image_grid",
    "get_sliced_shape",
    "is_array_2D",
    "longest_common_substring",
    "min_redundant_inds",
    "permute_singleton_dimension",
    "split_target_path",
    "torch_max_value",
    "write_metadata",
]
