"""A small table of an answer: named columns over NumPy arrays, and a DataFrame when asked for one.

An answer has few rows, so making a DataFrame costs many times what adding up its numbers does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Columns:
    """Columns of one kind beside each other: `values` is [rows, names]."""

    names: tuple[str, ...]
    values: np.ndarray

    def rows(self, chosen: np.ndarray) -> Columns:
        """The same columns of these rows only."""
        return Columns(self.names, self.values[chosen])

    def filled(self, values: Mapping[str, float]) -> Columns:
        """The same with one value all down each of these columns, as far as they are here."""
        copied = self.values.copy()
        for name in values.keys() & set(self.names):
            copied[:, self.names.index(name)] = values[name]
        return Columns(self.names, copied)


class Table:
    """Rows of named columns. Never changed; what it hands out must not be changed either."""

    def __init__(self, *blocks: Columns):
        self._blocks = blocks

    def __len__(self) -> int:
        return len(self._blocks[0].values)

    def __getitem__(self, name: str) -> np.ndarray:
        """A column. Raises KeyError for one that is not there."""
        for block in self._blocks:
            if name in block.names:
                return block.values[:, block.names.index(name)]
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(name for block in self._blocks for name in block.names)

    def rows(self, *names: str) -> Iterator[tuple]:
        """These columns row by row, as plain Python values."""
        return zip(*(self[name].tolist() for name in names), strict=True)

    def filled(self, **values: float) -> Table:
        """The same with one value all down each of these columns."""
        return Table(*(block.filled(values) for block in self._blocks))

    def none(self) -> Table:
        """The same columns without a row."""
        return Table(*(block.rows(np.arange(0)) for block in self._blocks))

    def frame(self) -> pd.DataFrame:
        """The same as a DataFrame: words as plain objects, numbers in blocks that are not copied.

        Whole blocks beside each other take two thirds of the time of single columns, and plain
        objects a third of that of Arrow's strings.
        """
        index = pd.RangeIndex(len(self))
        blocks = [
            pd.DataFrame(b.values, index, pd.Index(b.names), dtype=b.values.dtype, copy=False)
            for b in self._blocks
        ]
        return pd.concat(blocks, axis=1)
