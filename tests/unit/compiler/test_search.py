"""Orders of few operands are searched for: the best ones, and nothing is left behind."""

import gc
from itertools import combinations
from math import prod
from statistics import geometric_mean

import numpy as np
import pytest
from opt_einsum import get_symbol
from opt_einsum.paths import auto

from funfact.compiler.search import searched


def flops(order, operands, output, sizes):
    """Operations of an order, by sets: those of a pairing, twice where a shared axis is summed."""
    left, total = [set(axes) for axes in operands], 0
    for a, b in order:
        x, y = left[a], left[b]
        left = [axes for n, axes in enumerate(left) if n not in (a, b)]
        kept = (x | y) & set(output).union(*left)
        total += prod(sizes[axis] for axis in x | y) * (2 if x & y - kept else 1)
        left.append(kept)
    assert len(left) == 1
    return total


def every_order(count):
    if count == 1:
        yield []
    for pair in combinations(range(count), 2):
        for rest in every_order(count - 1):
            yield [pair, *rest]


def drawn(seed, count, axes=6):
    """Operands along some axes of random sizes, and a result."""
    rng = np.random.default_rng(seed)
    sizes = [int(n) for n in rng.choice([1, 2, 3, 5, 8, 30], axes)]
    operands = [
        tuple(int(n) for n in rng.permutation(axes)[: rng.integers(1, 4)]) for _ in range(count)
    ]
    output = tuple({n for axes in operands for n in axes if rng.random() < 0.4})
    return operands, output, sizes


@pytest.mark.parametrize("seed", range(40))
def test_of_four_operands_no_order_takes_less(seed):
    case = drawn(seed, 4)
    assert flops(searched(*case), *case) == min(flops(order, *case) for order in every_order(4))


@pytest.mark.parametrize("count", [5, 6, 7, 8])
def test_orders_are_as_good_as_those_of_opt_einsum(count):
    ratios = []
    for seed in range(300):
        operands, output, sizes = case = drawn(seed, count)
        inputs = [frozenset(map(get_symbol, axes)) for axes in operands]
        known = {get_symbol(axis): size for axis, size in enumerate(sizes)}
        path = auto(inputs, frozenset(map(get_symbol, output)), known)
        ratios.append(flops(searched(*case), *case) / flops(path, *case))
    assert sum(ratio > 1 for ratio in ratios) <= sum(ratio < 1 for ratio in ratios)
    assert geometric_mean(ratios) <= 1


def test_many_operands_are_paired_until_one_is_left():
    case = drawn(0, 12)
    assert flops(searched(*case), *case) > 0


@pytest.mark.parametrize("count", [4, 5, 6])
def test_a_chain_of_matrices_is_ordered_as_by_dynamic_programming(count):
    for seed in range(10):
        sizes = [int(n) for n in np.random.default_rng(seed).choice([2, 7, 20, 90], count + 1)]
        chain = [(n, n + 1) for n in range(count)], (0, count), sizes
        best = {(n, n + 1): 0 for n in range(count)}
        for length in range(2, count + 1):
            for i in range(count - length + 1):
                k = i + length
                best[i, k] = min(
                    best[i, j] + best[j, k] + 2 * sizes[i] * sizes[j] * sizes[k]
                    for j in range(i + 1, k)
                )
        assert flops(searched(*chain), *chain) == best[0, count]


def test_gram_matrices_of_equal_axes_come_first():
    """Of three pairs of factors in common axes; what two pairs make has the axes of one."""
    factors = [(0, 1), (0, 2), (0, 3), (4, 1), (4, 2), (4, 3)]
    sizes = [16, 64, 64, 64, 16]
    order = searched(factors, (), sizes)
    grams = 3 * 2 * 16 * 16 * 64
    assert flops(order, factors, (), sizes) == grams + 16 * 16 + 2 * 16 * 16


def test_operands_without_a_common_axis_are_paired_when_nothing_else_is_left():
    case = [(0,), (1,), (2,), (3,), (0, 1)], (2, 3), [3, 4, 5, 6]
    assert flops(searched(*case), *case) == min(flops(order, *case) for order in every_order(5))


@pytest.mark.parametrize("count", [4, 6, 8])
def test_nothing_is_left_to_the_garbage_collector(count):
    case = drawn(0, count)
    gc.collect()
    gc.disable()
    try:
        searched(*case)
        assert gc.collect() == 0
    finally:
        gc.enable()
