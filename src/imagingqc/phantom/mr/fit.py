"""Least squares with many more values than unknowns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def least_squares(design: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[Any]:
    """Weights of the terms (n, terms) that come nearest to the values (n,), by the normal equations.

    For few terms of size about one (a polynomial over a disc) these lose nothing, and cost a tenth of a decomposition
    of the whole design.  Terms that cannot be told apart get the smallest weights that do.
    """
    square, right = design.T @ design, design.T @ values
    try:
        return np.asarray(np.linalg.solve(square, right))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(design, values, rcond=None)[0])
