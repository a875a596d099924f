"""Wide and bright colours to BT.709: a table from the signal (PQ, HLG, BT.2020) to ours, for FFmpeg's lut3d."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from typing import Any, Literal

import av.filter
import numpy as np
import numpy.typing as npt

Kind = Literal["pq", "hlg", "wide"]
Values = npt.NDArray[np.float64]

STEPS = 49
"""Grid points of the table on each side."""
WHITE = 203.0
"""Nits of what is white paper in HDR (BT.2408), and as bright as our film gets."""
PEAK = 1000.0
"""Nits from which on all is white: what HDR is mastered for."""
GAMMA = 2.4
PQ_M1, PQ_M2 = 2610 / 16384, 2523 / 4096 * 128
PQ_C1, PQ_C2, PQ_C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
HLG_A = 0.17883277
HLG_B, HLG_C = 1 - 4 * HLG_A, 0.5 - HLG_A * np.log(4 * HLG_A)
HLG_GAMMA = 1.2
LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])
LUMA_709 = np.array([0.2126, 0.7152, 0.0722])
TO_709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]]
)
FORMAT = "gbrp12le"
BT2020 = 9
TRANSFERS: dict[int, Kind] = {16: "pq", 18: "hlg"}


class Mapper:
    """Frames of one size (RGB, full range, 12 bits) from one kind of signal to BT.709."""

    def __init__(self, kind: Kind, width: int, height: int) -> None:
        self.graph = av.filter.Graph()
        with tempfile.NamedTemporaryFile("w", suffix=".cube") as file:
            file.write(cube(kind))
            file.flush()
            frames = self.graph.add_buffer(width=width, height=height, format=av.VideoFormat(FORMAT), time_base=1)
            self.graph.link_nodes(
                frames, self.graph.add("lut3d", file=file.name), self.graph.add("buffersink")
            ).configure()

    def map(self, frame: Any) -> Any:
        self.graph.vpush(frame)
        return self.graph.vpull()


def kind(frame: Any) -> Kind | None:
    """Whether a frame's colours are beyond BT.709, and how."""
    if frame.color_trc in TRANSFERS:
        return TRANSFERS[frame.color_trc]
    return "wide" if frame.color_primaries == BT2020 else None


@lru_cache(maxsize=3)
def cube(kind: Kind) -> str:
    """The table in the form that FFmpeg reads; red changes fastest."""
    rows = "\n".join(f"{red:.5f} {green:.5f} {blue:.5f}" for red, green, blue in table(kind).reshape(-1, 3).tolist())
    return f"LUT_3D_SIZE {STEPS}\n{rows}\n"


def table(kind: Kind) -> Values:
    """BT.709 signal for each signal; indices are blue, green, red."""
    axis = np.linspace(0, 1, STEPS)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    return mapped(np.stack([red, green, blue], axis=-1), kind)


def mapped(signal: Values, kind: Kind) -> Values:
    """R'G'B' of that kind to R'G'B' of BT.709, both 0–1."""
    if kind == "wide":
        light = signal**GAMMA
    else:
        nits = pq_to_nits(signal) if kind == "pq" else hlg_to_nits(signal)
        brightest = np.maximum(nits.max(axis=-1, keepdims=True), 1e-6)
        light = nits * (toned(brightest) / brightest) / WHITE  # the same for all three: hues stay
    return np.asarray(inside(light @ TO_709.T) ** (1 / GAMMA))


def pq_to_nits(signal: Values) -> Values:
    """SMPTE ST 2084."""
    power = signal ** (1 / PQ_M2)
    return np.asarray(10000 * (np.maximum(power - PQ_C1, 0) / (PQ_C2 - PQ_C3 * power)) ** (1 / PQ_M1))


def nits_to_pq(nits: Values) -> Values:
    power = (nits / 10000) ** PQ_M1
    return np.asarray(((PQ_C1 + PQ_C2 * power) / (1 + PQ_C3 * power)) ** PQ_M2)


def hlg_to_nits(signal: Values) -> Values:
    """ARIB STD-B67 as a display of 1000 nits shows it (BT.2100)."""
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - HLG_C) / HLG_A) + HLG_B) / 12)
    luma = np.maximum(scene @ LUMA_2020, 1e-9)[..., None]
    return np.asarray(PEAK * luma ** (HLG_GAMMA - 1) * scene)


def toned(nits: Values) -> Values:
    """Up to about 90 nits as it is, then in a soft curve (BT.2390) so that the peak becomes white."""
    peak, white = nits_to_pq(np.array(PEAK)), nits_to_pq(np.array(WHITE))
    most = white / peak
    knee = 1.5 * most - 0.5
    x = np.minimum(nits_to_pq(nits) / peak, 1)
    t = np.maximum((x - knee) / (1 - knee), 0)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return pq_to_nits(np.where(x > knee, curve, x) * peak)


def inside(light: Values) -> Values:
    """Colours that BT.709 lacks become paler, not brighter and not of another hue."""
    luma = np.clip(light @ LUMA_709, 0, 1)[..., None]
    apart = light - luma
    low, high = apart.min(axis=-1, keepdims=True), apart.max(axis=-1, keepdims=True)
    share = np.minimum(
        np.where(low < 0, luma / np.maximum(-low, 1e-9), 1), np.where(high > 0, (1 - luma) / np.maximum(high, 1e-9), 1)
    )
    return np.asarray(np.clip(luma + apart * np.minimum(share, 1), 0, 1))
