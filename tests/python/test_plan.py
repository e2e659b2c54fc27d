"""What a loader would be, told before it starts, is what the started loader does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import microtome
import pytest


@pytest.mark.parametrize("uneven", ["repeat", "drop"])
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_an_epoch_is_as_long_as_was_said(phantom: Path, keys: dict[str, Any], uneven: str, rank: int) -> None:
    options = {"data": {"path": phantom}, "sampling": {"samples_per_epoch": 23}}
    with microtome.Loader(keys, rank=rank, world_size=3, uneven=uneven, **options) as loader:
        said = len(loader)
        assert loader.samples_per_epoch == 23
        epochs = [loader.next_batch().epoch for _ in range(said + 1)]
    assert epochs == [0] * said + [1]


def test_a_state_before_the_start_is_the_state_at_the_start(phantom: Path, keys: dict[str, Any]) -> None:
    with microtome.Loader(keys, data={"path": phantom}) as loader:
        state = loader.state_dict()
        expected = loader.next_batch()["raw"].copy()
        loader.load_state_dict(state)
        assert loader.state_dict() == state
        assert (loader.next_batch()["raw"] == expected).all()


def test_a_state_of_other_batches_is_refused_before_the_start(phantom: Path, keys: dict[str, Any]) -> None:
    state = microtome.Loader(keys, data={"path": phantom}).state_dict()
    other = microtome.Loader(keys, data={"path": phantom}, sampling={"samples_per_epoch": 23})
    with pytest.raises(microtome.StateError):
        other.load_state_dict(state)
