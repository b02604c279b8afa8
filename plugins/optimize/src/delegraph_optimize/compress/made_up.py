"""What weights make up for of what is lost: as far as it holds of samples that were not looked at.

Few samples say too much: weights that make up for all that is lost of them do worse on others. What they
give is narrower than what floats gave, too, as what is lost cannot be told from what is read; layer after
layer less is left of the differences that classes are told by.

Source: Jordan et al., "REPAIR: renormalizing permuted activations for interpolation repair", 2023 (units
that vary as much as they did).
"""

from __future__ import annotations

import numpy as np

from ..improve.gptq import damped, damping

_TRIED = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # of the mean of the diagonal of XᵀX
_JUDGES = 0.3  # of the rows: the last ones, of other samples
_FEW = 10  # samples: of fewer, none can judge
_WIDEST = 2.0  # what a unit that hardly varies any more is multiplied by


def moved(weights: np.ndarray, before: np.ndarray, now: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Return weights that make up for what the layers before lost.

    W' = W + W (X - X̂)ᵀ X̂ (X̂ᵀX̂)⁻¹

    :param weights: (groups, units, depth)
    :param before: rows that were read in floats, without their mean, (groups, rows, depth)
    :param now: the same rows as they are read now
    :param squares: X̂ᵀX̂, damped
    """
    lost = weights @ (before - now).transpose(0, 2, 1) @ now
    return np.asarray(weights + np.linalg.solve(squares, lost.transpose(0, 2, 1)).transpose(0, 2, 1))


def best_damping(weights: np.ndarray, before: np.ndarray, now: np.ndarray, samples: int) -> float:
    """Return the damping with which half of the inputs make up best for the others, on rows that judge.

    :param weights: with the rows as for :func:`moved`; these are of one sample after the other
    """
    learned = int(now.shape[1] * (1 - _JUDGES))
    if samples < _FEW:
        return damping(*now.shape[1:])
    kept = np.sort(np.random.default_rng(0).permutation(weights.shape[2])[: -(-weights.shape[2] // 2)])
    own, read = weights[:, :, kept], now[:, :, kept]
    wanted = weights @ before.transpose(0, 2, 1) - own @ read.transpose(0, 2, 1)
    some, judges = read[:, :learned], read[:, learned:].transpose(0, 2, 1)
    squares, lost = some.transpose(0, 2, 1) @ some, (wanted[:, :, :learned] @ some).transpose(0, 2, 1)
    errors = []
    for share in _TRIED:
        more = np.linalg.solve(damped(squares, share), lost).transpose(0, 2, 1)
        errors.append(float(np.square(wanted[:, :, learned:] - more @ judges).sum()))
    return _TRIED[int(np.argmin(errors))]


def widening(made: np.ndarray, weights: np.ndarray, before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Return what units are to be multiplied by so that they vary at least as much as they did in floats.

    :param made: what was made of the weights; the others as for :func:`moved`
    :returns: (groups, units, 1)
    """
    wanted, found = (
        np.square(w @ x.transpose(0, 2, 1)).sum(axis=2) for w, x in ((weights, before), (made, now))
    )
    by = np.sqrt(np.divide(wanted, found, out=np.ones_like(wanted), where=found > 0))
    return np.asarray(np.clip(by, 1.0, _WIDEST)[:, :, None])
