"""Steps that are recorded once and replayed, so that none of them costs Python again.

A CUDA graph holds kernels with the addresses that they read and write. So a carry lives in
buffers that stay; what else a step reads, the target and the data, is read where it is. When
that is another tensor, the steps are recorded anew, which takes milliseconds and compiles
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias
from weakref import ReferenceType, ref

__all__ = ["Record", "Replayed", "leaves", "on_cuda", "write"]

Step: TypeAlias = Callable[..., Any]
Replay: TypeAlias = Callable[[], None]
Record: TypeAlias = Callable[[Callable[[int], None]], Callable[[int], Replay]]
"""Of ``work(n)``, which makes n steps, a function that gives what makes n steps again."""

_STRIDE = 16
"""Steps in one graph: a replay is a call, and the buffers are written once a replay."""


@dataclass(frozen=True, eq=False)
class _Tape:
    """Steps as they were recorded.

    Attributes
    ----------
    kinds : list of pairs
        Shape and dtype of each array of the carry.
    read : list of weak references
        To the arrays besides the carry that the steps read: a tape keeps none alive.
    buffers : list of arrays
        Where the carry stands before and after a replay.
    one, many : callable
        Replay one step, or `_STRIDE` of them.
    """

    kinds: list[tuple[Any, Any]]
    read: list[ReferenceType[Any]]
    buffers: list[Any]
    one: Replay
    many: Replay

    def fits(self, carry: Sequence[Any], args: Sequence[Any]) -> bool:
        """Whether these arrays are of the kinds, and the very ones, that it was made for."""
        known = [seen() for seen in self.read]
        same = len(known) == len(args) and all(x is y for x, y in zip(known, args, strict=True))
        return same and self.kinds == _kinds(carry)


class Replayed:
    """``run(carry, n, *args)``: ``carry = step(carry, *args)``, n times, by replaying.

    Steps that cannot be recorded, since they wait for a number from the device, are
    called one by one.

    Parameters
    ----------
    step : callable
        A pure function of arrays in lists, tuples and dicts.
    record : callable
        `on_cuda`, or another of its kind.
    """

    def __init__(self, step: Step, record: Record) -> None:
        self._step, self._record = step, record
        self._tape: _Tape | None = None
        self._refused = False
        self._lock = Lock()  # fits in two threads may share the steps, and so the buffers

    def __call__(self, carry: Any, n: int, *args: Any) -> Any:
        with self._lock:
            tape = self._tape_for(carry, args) if n and not self._refused else None
            if tape is not None:
                return _run(tape, carry, n)
        for _ in range(n):
            carry = self._step(carry, *args)
        return carry

    def _tape_for(self, carry: Any, args: Any) -> _Tape | None:
        tape = self._tape
        if tape is None or not tape.fits(list(leaves(carry)), list(leaves(args))):
            self._tape = None  # its memory is free before the next one takes any
            try:
                self._tape = tape = self._recorded(carry, args)
            except RuntimeError:  # what CUDA raises; a fault of the step itself is met again
                self._refused, tape = True, None
        return tape

    def _recorded(self, carry: Any, args: Any) -> _Tape:
        buffers = [x.clone() for x in leaves(carry)]

        def work(n: int) -> None:
            made = _like(carry, iter(buffers))
            for _ in range(n):
                made = self._step(made, *args)
            write(buffers, made)

        recorded = self._record(work)
        return _Tape(
            _kinds(buffers),
            [ref(x, self._forget) for x in leaves(args)],
            buffers,
            recorded(1),
            recorded(_STRIDE),
        )

    def _forget(self, _: Any) -> None:
        self._tape = None


def _run(tape: _Tape, carry: Any, n: int) -> Any:
    for buffer, x in zip(tape.buffers, leaves(carry), strict=True):
        buffer.copy_(x)
    many, few = divmod(n, _STRIDE)
    for replay in [tape.many] * many + [tape.one] * few:
        replay()
    return _like(carry, iter([x.clone() for x in tape.buffers]))


def on_cuda(torch: Any, device: Any) -> Record:
    """Recording on a CUDA device."""

    def record(work: Callable[[int], None]) -> Callable[[int], Replay]:
        with torch.cuda.device(device):
            current, side = torch.cuda.current_stream(), torch.cuda.Stream()
            side.wait_stream(current)
            with torch.cuda.stream(side):  # libraries set themselves up, what is lazy is compiled
                work(1)
                work(1)
            current.wait_stream(side)
        return lambda n: _graph(torch, device, work, n)

    return record


def _graph(torch: Any, device: Any, work: Callable[[int], None], n: int) -> Replay:
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.device(device), torch.cuda.graph(graph, capture_error_mode="thread_local"):
        work(n)

    def replay() -> None:
        with torch.cuda.device(device):
            graph.replay()

    return replay


# --- arrays in lists, tuples and dicts


def write(buffers: Iterable[Any], made: Any) -> None:
    """Put what a step has made where its carry stands."""
    # cloned first: a step may hand on an array of its carry in another place
    for buffer, x in zip(buffers, [x.clone() for x in leaves(made)], strict=True):
        buffer.copy_(x)


def leaves(tree: Any) -> Iterator[Any]:
    """What stands in them, in order, without None."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        for item in tree:
            yield from leaves(item)
    elif tree is not None:
        yield tree


def _like(tree: Any, leaves: Iterator[Any]) -> Any:
    """The same lists, tuples and dicts, of other arrays."""
    if isinstance(tree, dict):
        return {key: _like(item, leaves) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(_like(item, leaves) for item in tree)
    return None if tree is None else next(leaves)


def _kinds(arrays: Sequence[Any]) -> list[tuple[Any, Any]]:
    return [(x.shape, x.dtype) for x in arrays]
