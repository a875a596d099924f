"""A user's own Django project with a template of its own, through the real command line in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "tests/foreign_project"
SCENE = {"template": "gauge", "duration": 1, "params": {"title": "Full", "share": 0.75, "color": "#00ff00"}}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "film.json"
    path.write_text(json.dumps({"title": "Gauge", "width": 160, "height": 120, "fps": 10, "scenes": [SCENE]}))
    return path


def manage(tmp_path: Path, *words: str, layers: str = "gauges.clips") -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT),
        "DJANGO_SETTINGS_MODULE": "gauge_settings",
        "DATA_DIR": str(tmp_path / "data"),
        "MOVIEPY_LAYERS": layers,
    }
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)


def test_its_template_renders_through_its_own_moviepy_function(tmp_path: Path, document: Path) -> None:
    output = tmp_path / "film.mp4"
    run = manage(tmp_path, "render_storyboard", str(document), "--output", str(output))
    assert run.returncode == 0, run.stderr
    with av.open(str(output)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 10
    widths = [int((frame[90].astype(int) @ np.array([-1, 1, -1]) > 100).sum()) for frame in frames]
    assert widths == pytest.approx([12 * number for number in range(1, 11)], abs=3)
    title = frames[-1][6:30]
    assert title.max() > 200, "our own text stands above it"
    assert frames[-1][90, 30].tolist() == pytest.approx([0, 255, 0], abs=12)


def test_it_is_in_the_contact_sheet_with_samples_made_from_its_fields(tmp_path: Path) -> None:
    output = tmp_path / "sheet.png"
    words = ("--output", str(output), "--template", "gauge", "--ratio", "1:1", "--quality", "draft")
    run = manage(tmp_path, "contact_sheet", *words)
    assert run.returncode == 0, run.stderr
    with Image.open(output) as sheet:
        assert sheet.width > 250
        assert sheet.height > 3 * 270


def test_a_bad_parameter_is_named_as_for_any_template(tmp_path: Path, document: Path) -> None:
    broken = {**SCENE, "params": {"title": "Full", "share": 2, "colour": "#000000"}}
    document.write_text(json.dumps({"title": "Gauge", "scenes": [broken]}))
    run = manage(tmp_path, "render_storyboard", str(document), "--output", "film.mp4")
    assert run.returncode == 2
    assert "/scenes/0/params/share" in run.stderr
    assert "/scenes/0/params/colour" in run.stderr


def test_nothing_is_called_that_the_settings_do_not_allow(tmp_path: Path, document: Path) -> None:
    run = manage(tmp_path, "still", str(document), "--at", "0", "--output", "still.jpg", layers="")
    assert run.returncode == 1
    assert "gauges.clips.filling is not under a prefix of MOVIEPY_LAYERS" in run.stderr


def test_a_template_takes_no_more_than_thirty_lines() -> None:
    assert len((PROJECT / "gauges/template.py").read_text().splitlines()) <= 30
