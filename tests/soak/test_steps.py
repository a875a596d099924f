"""The steps of `make soak`, shorter."""

from pathlib import Path

from tests.soak import long_film


def test_a_longer_film_takes_no_more_memory_and_stays_in_step(tmp_path: Path) -> None:
    said = long_film.step(tmp_path, short=6, long=12, quality="480p", most=1.5)
    assert "beside the pictures" in said
