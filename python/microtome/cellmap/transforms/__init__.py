"""Changes of values."""

from __future__ import annotations

from .augment import Binarize, GaussianBlur, GaussianNoise, NaNtoNum, Normalize, RandomContrast, RandomGamma

__all__ = ["Binarize", "GaussianBlur", "GaussianNoise", "NaNtoNum", "Normalize", "RandomContrast", "RandomGamma"]
