"""Blocks: things that stand one under the other, each with its height and the room above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rendering.engine.timeline import Layer


@dataclass(frozen=True)
class Block:
    """One thing of a column: how much room it takes, and the layers that it gives when it knows its top edge."""

    height: float
    gap: float
    """Room above it, unless it is the first."""
    layers: Callable[[float], tuple[Layer, ...]]


def tall(column: Sequence[Block]) -> float:
    """How high the blocks stand with the gaps between them."""
    return sum(block.height for block in column) + sum(block.gap for block in column[1:])


def stacked(column: Sequence[Block], top: float) -> list[tuple[Layer, ...]]:
    """Each block's layers, the first block at `top`."""
    placed = []
    for turn, block in enumerate(column):
        top += block.gap if turn else 0.0
        placed.append(block.layers(top))
        top += block.height
    return placed
