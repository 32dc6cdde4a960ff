"""Keys mean to each axis what they mean to NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funfact.errors import OptionError, RangeError, ShapeError
from funfact.model.keys import coordinates, positions

SHAPE = (3, 4, 5)
ARRAY = np.arange(60).reshape(SHAPE)


def chosen(key):
    every = positions(key, SHAPE)
    return ARRAY[np.ix_(*(range(n) if p is None else p for n, p in zip(SHAPE, every, strict=True)))]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (1, ARRAY[1:2]),
        (-1, ARRAY[-1:]),
        (np.int64(2), ARRAY[2:]),
        (np.array(2), ARRAY[2:]),
        (slice(None), ARRAY),
        (..., ARRAY),
        ((), ARRAY),
        ((0, 1, 2), ARRAY[:1, 1:2, 2:3]),
        ((2, slice(None), 4), ARRAY[2:3, :, 4:5]),
        ((..., 4), ARRAY[:, :, 4:5]),
        ((0, ...), ARRAY[:1]),
        ((0, ..., 1, 2), ARRAY[:1, 1:2, 2:3]),
        (slice(None, None, -1), ARRAY[::-1]),
        ((slice(5, 1), 0), ARRAY[3:, :1]),
        (([0, 2], [1, -1]), ARRAY[np.ix_([0, 2], [1, 3])]),
        (([], 0), ARRAY[:0, :1]),
        (([True, False, True],), ARRAY[[0, 2]]),
        ((slice(None), np.arange(4) > 1), ARRAY[:, 2:]),
        ((range(2),), ARRAY[:2]),
    ],
)
def test_as_in_numpy(key, expected):
    np.testing.assert_array_equal(chosen(key), expected)


@given(st.tuples(*(st.slices(n) for n in SHAPE)))
def test_slices(key):
    np.testing.assert_array_equal(chosen(key), ARRAY[key])


def test_what_is_whole_is_not_listed():
    assert positions((slice(None), slice(0, 4), slice(0, 99)), SHAPE) == [None, None, None]


@pytest.mark.parametrize(
    ("key", "error", "says"),
    [
        (3, RangeError, r"position 3 is outside of axis 0, which has size 3.*-3 to 2"),
        ((0, [1, -5]), RangeError, "position -5 is outside of axis 1"),
        (None, OptionError, "None asks for nothing along axis 0"),
        (True, OptionError, "True asks for nothing"),
        ("u", OptionError, "'u' asks for nothing"),
        ((0, 1.5), OptionError, "1.5 asks for nothing along axis 1"),
        ([[0, 1], [1]], OptionError, "axis 0"),
        ([[0, 1], [1, 0]], OptionError, "lists have one dimension.*fac.points"),
        ((0, 0, 0, 0), ShapeError, r"4 entries, and the model 3 axes, shape \(3, 4, 5\)"),
        ((..., 0, ...), ShapeError, "more than one `...`"),
        ([True, False], ShapeError, r"axis 0 has shape \(2,\), and the axis has size 3"),
    ],
)
def test_other_keys_are_refused(key, error, says):
    with pytest.raises(error, match=says):
        positions(key, SHAPE)


def test_out_of_range_is_an_index_error():
    with pytest.raises(IndexError):
        positions(7, SHAPE)


def test_points():
    points = coordinates(([0, 2, -1], [3, 0, 1], 4), SHAPE)
    np.testing.assert_array_equal(ARRAY[tuple(points)], ARRAY[[0, 2, 2], [3, 0, 1], [4, 4, 4]])


@pytest.mark.parametrize(
    ("points", "error", "says"),
    [
        (([0], [0]), ShapeError, "2 vectors.*3 axes"),
        (([0, 1], [0, 1, 2], [0, 1]), ShapeError, r"\[2, 3, 2\] entries"),
        (([0], [9], [0]), RangeError, "position 9 is outside of axis 1"),
        (([0.5], [0], [0]), OptionError, "no coordinates along axis 0"),
        (([True, False, True], [0], [0]), OptionError, "no coordinates along axis 0"),
        (([[0]], [0], [0]), OptionError, "no coordinates along axis 0"),
    ],
)
def test_other_points_are_refused(points, error, says):
    with pytest.raises(error, match=says):
        coordinates(points, SHAPE)
