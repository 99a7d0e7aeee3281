"""Work in other processes, where that is safe."""

from __future__ import annotations

import gc
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context
from typing import Any, TypeVar

Chunk = TypeVar("Chunk")
Outcome = TypeVar("Outcome")
_MOST = 4  # processes; past it the one that stores is the slowest
_AHEAD = 4  # chunks per process that may wait for the one who takes them

_work: list[Callable[[Any], Any]] = []  # only ever filled in a process of our own making, by `_begin`


def possible() -> bool:
    """A fork copies one thread and every lock: with others running, a lock might stay shut for ever."""
    return _processors() > 1 and threading.active_count() == 1 and "fork" in get_all_start_methods()


def in_processes(work: Callable[[Chunk], Outcome], chunks: Iterable[Chunk]) -> Iterator[Outcome]:
    """`work` of each chunk, in order. Processes are forked, so `work` may hold anything; its outcomes are pickled."""
    processes = min(_MOST, _processors())
    with ProcessPoolExecutor(processes, get_context("fork"), initializer=_begin, initargs=(work,)) as pool:
        waiting: deque[Future[Outcome]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_do, chunk))
            if len(waiting) >= _AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _begin(work: Callable[[Any], Any]) -> None:
    gc.disable()  # it ends with its work
    _work.append(work)


def _do(chunk: Any) -> Any:
    return _work[-1](chunk)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
