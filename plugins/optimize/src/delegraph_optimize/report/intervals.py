"""Intervals of shares and of their differences, at 95 %, and a test of whether two models differ.

Sources: Wilson, "Probable inference", JASA 1927; Newcombe, "Improved confidence intervals for the
difference between binomial proportions based on paired data", Statistics in Medicine 1998, method 10,
without its correction for continuity; McNemar's exact test; Efron's bootstrap for scores that are more than
right or wrong.
"""

from __future__ import annotations

from math import comb, erfc, sqrt

import numpy as np

Z = 1.959963984540054  # of the normal distribution: 95 % lie within
DRAWS = 2000  # of a bootstrap

Interval = tuple[float, float]


def share_interval(hits: float, of: int) -> Interval:
    """Return Wilson's interval of a share."""
    p, z2 = hits / of, Z * Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z * sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def paired_interval(both: int, lost: int, gained: int, neither: int) -> Interval:
    """Return Newcombe's interval of the second's share less the first's, on the same samples.

    :param lost: samples that only the first has right; ``gained``: only the second.
    """
    n = both + lost + gained + neither
    p1, p2 = (both + lost) / n, (both + gained) / n
    (l1, u1), (l2, u2) = share_interval(both + lost, n), share_interval(both + gained, n)
    phi = _correlation(both, lost, gained, neither)
    below = (p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2
    above = (u2 - p2) ** 2 - 2 * phi * (u2 - p2) * (p1 - l1) + (p1 - l1) ** 2
    return p2 - p1 - sqrt(max(below, 0.0)), p2 - p1 + sqrt(max(above, 0.0))


def _correlation(both: int, lost: int, gained: int, neither: int) -> float:
    product = (both + lost) * (gained + neither) * (both + gained) * (lost + neither)
    return 0.0 if product == 0 else (both * neither - lost * gained) / sqrt(product)


def mcnemar(lost: int, gained: int) -> float:
    """Return how probable so uneven a split is if both are as often right alone (exact, two-sided)."""
    n, k = lost + gained, min(lost, gained)
    if n > 1000:  # the normal distribution is near enough, and the sum is long
        return min(erfc(max(abs(lost - gained) - 1, 0) / sqrt(2 * n)), 1.0)
    return min(2 * sum(comb(n, i) for i in range(k + 1)) / float(2**n), 1.0)


def mean_interval(values: np.ndarray) -> Interval:
    """Return the bootstrap interval of a mean: 2,000 draws, always the same ones."""
    draws = np.random.Generator(np.random.PCG64(0)).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.percentile([float(values[d].mean()) for d in draws], [2.5, 97.5])
    return float(low), float(high)
