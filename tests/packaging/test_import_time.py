"""`import funfact` costs little more than `import numpy`."""

from statistics import median

from environments import Environment

ROUNDS = 10
TIMED = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def test_importing_funfact_takes_less_than_one_and_a_half_numpy(plain: Environment) -> None:
    for module in ("numpy", "funfact"):  # once, for the file cache
        plain.run(TIMED.format(module))
    seconds: dict[str, list[float]] = {"numpy": [], "funfact": []}
    for _ in range(ROUNDS):
        for module, taken in seconds.items():
            taken.append(float(plain.run(TIMED.format(module))))
    numpy, funfact = (median(taken) for taken in seconds.values())
    print(f"import numpy {numpy:.3f} s, import funfact {funfact:.3f} s, {funfact / numpy:.2f}")
    assert funfact < 1.5 * numpy, f"{funfact:.3f} s against {numpy:.3f} s for NumPy"
