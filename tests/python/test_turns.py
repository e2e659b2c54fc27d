"""Worker processes that take batches in turn, without torch: which batch each begins its epochs with."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
from microtome.turns import Turns


def test_every_epoch_begins_where_the_last_one_ended() -> None:
    turns = Turns(3)
    # Epochs of five batches; the first begins in its middle.
    assert [turns.begin(0, 5) for _ in range(3)] == [3, 5, 10]
    assert [turns.begin(1, 5) for _ in range(3)] == [3, 5, 10]
    turns.set(20)
    assert [turns.begin(1, 5) for _ in range(2)] == [20, 25]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_that_come_and_go_count_together(method: str) -> None:
    turns = Turns()
    processes = multiprocessing.get_context(method)
    told: Any = processes.SimpleQueue()
    for expected in (0, 7, 14):
        process = processes.Process(target=_begin, args=(turns, told))
        process.start()
        assert told.get() == expected
        process.join()


def _begin(turns: Turns, told: Any) -> None:
    told.put(turns.begin(2, 7))
