"""The documents say what the code does: every setting, command, path, field, status and error is told, and no other."""

from __future__ import annotations

import ast
import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from django.core import management
from django.core.management import find_commands, load_command_class
from django.core.management.base import BaseCommand
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image
from rest_framework import exceptions as rest_errors
from rest_framework.views import APIView

from media_assets.exceptions import MediaError
from media_assets.models import ASSET_MOVES
from rendering.engine import launch
from rendering.exceptions import RenderingError
from rendering.states import STORYBOARD_MOVES, JobState, Stage
from rendering.video_templates import catalogue
from rendering.video_templates.fields import AssetType, Field
from rendering.workflow import document as documents
from rendering.workflow import plan
from rendering.workflow.document_fields import FIELDS, SCENE_FIELDS
from videoserver.web.problems import DomainError
from videoserver.work.sandbox import Child

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("videoserver", "media_assets", "rendering")
REFERENCE = (ROOT / "docs/reference.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")
FOR_MAKE = {"PYTHON", "TESTS", "REQUIRE_ALL"}


def section(title: str, text: str = REFERENCE) -> str:
    """What stands under a heading, its own subsections included."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,9}} |\Z)", text, re.M | re.S)
    assert found, f"no section {title!r}"
    inner = re.search(rf"^{found[1]} {re.escape(title)}\n(.*?)(?=^#{{1,{len(found[1])}}} |\Z)", text, re.M | re.S)
    assert inner
    return inner[1]


def rows(text: str) -> dict[str, str]:
    """The rows of a section's tables by what stands in backticks in their first cells."""
    lines = re.findall(r"^\|(.+)\|$", text, re.M)
    return {name: line for line in lines for name in re.findall("`([^`]+)`", line.split("|")[0])}


# Settings


def read_settings() -> dict[str, Any]:
    """Name → default of everything that settings.py reads from the environment; None where it is computed."""
    readers = {"flag", "whole", "decimal", "choice", "words", "rate", "networks"}
    found: dict[str, Any] = {}
    for node in ast.walk(ast.parse((ROOT / "videoserver/settings.py").read_text())):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        called = ast.unparse(node.func)
        if called in readers:
            default = node.args[1] if len(node.args) > 1 else ast.Constant("")
        elif called == "env.str":
            default = next((keyword.value for keyword in node.keywords if keyword.arg == "default"), ast.Constant(""))
        else:
            continue
        try:
            found[str(node.args[0].value)] = eval(ast.unparse(default), {"__builtins__": {}})  # noqa: S307
        except NameError:
            found[str(node.args[0].value)] = None
    return found


def test_every_setting_is_documented_with_its_default_and_no_other() -> None:
    told = rows(section("Settings"))
    settings = read_settings()
    assert set(told) == set(settings)
    for name, default in settings.items():
        shown = told[name].split("|")[1]
        if default == "":
            assert re.search("empty|generated|under|and pid|var/|^ `?$", shown), f"{name} has no default"
        elif default is not None:
            assert f"`{int(default) if isinstance(default, bool) else default}`" in shown, name


def test_the_environments_example_names_real_settings() -> None:
    named = set(re.findall(r"^#? ?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert named
    assert named <= set(read_settings())


def test_other_documents_name_real_settings() -> None:
    known = set(read_settings()) | FOR_MAKE | {"DJANGO_SETTINGS_MODULE", "INSTALLED_APPS", "ID", "JOB", "KEY", "HOST"}
    for path in DOCUMENTS:
        for name in re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`", path.read_text()):
            assert name in known, f"{path.name} names {name}"


# Commands

DJANGOS = management.__path__[0]
COMMANDS = {
    path.stem: room
    for room in ROOMS
    for path in (ROOT / room / "management/commands").glob("*.py")
    if path.stem != "__init__"
}


def test_no_command_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r"^### (.+)$", section("Commands"), re.M)) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_argument_of_a_command_is_documented_and_no_other(name: str) -> None:
    told = section(name)
    of_django = {option for action in options_of(BaseCommand()) for option in action.option_strings}
    of_django |= {option for action in inherited(name) for option in action.option_strings}
    plain = {action.dest for action in inherited(name) if not action.option_strings}
    options = set()
    for action in options_of(load_command_class(COMMANDS[name], name)):
        options |= set(action.option_strings) - of_django
        if not action.option_strings and action.dest not in plain:
            assert f"`{action.metavar or action.dest.upper()}`" in told
    assert set(re.findall(r"`(--[a-z-]+)", told)) == options


def options_of(command: BaseCommand) -> list[Any]:
    return command.create_parser("manage.py", "command")._actions


def inherited(name: str) -> list[Any]:
    """The arguments of Django's command that ours of the same name adds something to."""
    return options_of(load_command_class("django.core", name)) if name in find_commands(DJANGOS) else []


def test_every_target_of_make_is_named() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
    told = section("Commands")
    assert targets
    for target in set(targets) - {"help"}:
        assert f"`{target}`" in told


# Paths


def patterns(found: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in found:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, path)
        else:
            yield path, pattern.callback


def methods(callback: Any) -> set[str]:
    actions = getattr(callback, "actions", None)
    names = actions or [name for name in APIView.http_method_names if hasattr(callback.cls, name)]
    return {name.upper() for name in names} - {"HEAD", "OPTIONS"}


def test_every_path_is_documented_with_its_methods_and_no_other() -> None:
    prefix = "api/v1/"
    served = {
        re.sub("<[^>]+>", "{}", path).removeprefix(prefix): methods(callback)
        for path, callback in patterns(get_resolver().url_patterns)
        if path.startswith(prefix)
    }
    told = {
        re.sub("{[^}]+}", "{}", path).removesuffix("/"): set(row.split("|")[1].split())
        for path, row in rows(section("Paths")).items()
        if not path.startswith("/")
    }
    assert told == served


# The storyboard document and the templates


def check_fields(fields: dict[str, Field[Any]], text: str) -> None:
    told = rows(text)
    for name, field in fields.items():
        assert name in told, f"{name} is not documented"
        default = told[name].split("|")[1]
        if field.required:
            assert "required" in default
        elif isinstance(field.initial(), str | int | float) and field.initial() != "":
            assert str(field.initial()) in default, name
        for word in getattr(field, "among", ()):
            assert f"`{word}`" in told[name], f"{name} may be {word}"
        for bound in (getattr(field, "least", None), getattr(field, "most", None)):
            if bound is not None and getattr(field, "most", 0) != 86400 and name != "volume_db":
                assert re.search(rf"(?<!\d){re.escape(f'{bound:g}')}(?!\d)", told[name]), f"{name}: {bound}"


def test_every_key_of_the_document_is_told_with_default_words_and_bounds() -> None:
    table, scene_table = section("Storyboard document").split("\nA scene:\n")
    check_fields({name: field for name, field in FIELDS.items() if name != "title"}, table)
    assert set(rows(table)) == {*FIELDS, "scenes"}
    plain = {name: field for name, field in SCENE_FIELDS.items() if name != "transition"}
    check_fields(plain, scene_table)
    assert set(rows(scene_table)) == {*SCENE_FIELDS, "params"}
    for kind in SCENE_FIELDS["transition"].describe()["properties"]["kind"]["enum"][:-1]:
        assert f"`{kind}`" in rows(scene_table)["transition"]


def test_every_template_is_told_with_its_parameters() -> None:
    told = section("Templates")
    ours = [template for template in catalogue.all() if template.__module__.startswith("rendering.")]
    assert set(re.findall(r"^### (.+)$", told, re.M)) == {template.template for template in ours}
    for template in ours:
        text = section(template.template, told)
        assert (template.__doc__ or "").strip() in text
        assert set(rows(text)) == set(template.fields)
        check_fields(template.fields, text)


# Statuses


def test_every_status_and_every_move_is_told() -> None:
    for title, moves in (("Storyboard", STORYBOARD_MOVES), ("Media asset", ASSET_MOVES)):
        told = rows(section(title))
        assert {str(status): sorted(map(str, targets)) for status, targets in moves.items()} == {
            status: sorted(re.findall("`([^`]+)`", row.split("|", 1)[1].replace("`is_deleted`", "")))
            for status, row in told.items()
        }
    jobs = section("Job")
    assert set(rows(jobs)) == set(JobState.values)
    for stage in Stage.values:
        assert f"`{stage}`" in jobs


# Errors


def words(node: ast.expr | None) -> Iterator[str]:
    """The code that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from words(node.body)
        yield from words(node.orelse)
    elif isinstance(node, ast.JoinedStr) and ast.unparse(node) == "f'scene_missing_{self.type}'":
        yield from (f"scene_missing_{type}" for type in get_args(AssetType))


def codes() -> set[str]:
    """Every code that our own sources write down where an error is made."""
    makers = {"Problem", "FieldError", "fail", "problem", "ChildFailed", "ErrorDetail", "ValidationError", "again"}
    found: set[str] = set()
    sources = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    for node in (node for path in sources for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                else:
                    pairs = [(target, node.value)]
                for name, value in pairs:
                    found |= set(words(value)) if ast.unparse(name) == "code" else set()
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "code":
            found |= set(words(node.value))
        elif isinstance(node, ast.Call):
            maker = ast.unparse(node.func).rpartition(".")[2]
            values = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            values += node.args[:2] if maker in makers else []
            found |= {word for value in values for word in words(value)}
    # The roots of the three trees are never raised themselves.
    return found - {"rendering_failed", "media_error", "domain_error"}


FROM_REST = {
    "does_not_exist", "empty", "incorrect_type", "invalid", "max_decimal_places", "max_digits", "max_whole_digits",
    "not_a_dict", "not_a_list", "null",
}  # fmt: skip
"""What REST framework's own fields say inside `errors`."""


def test_every_error_code_is_documented_and_no_other() -> None:
    of_rest = {kind.default_code for kind in rest_errors.APIException.__subclasses__()}
    spoken = of_rest - {"invalid", "not_authenticated", "authentication_failed"}
    assert set(rows(section("Errors"))) == codes() | spoken | FROM_REST


def leaves(kind: type[Any]) -> Iterator[type[Any]]:
    for leaf in kind.__subclasses__():
        yield leaf
        yield from leaves(leaf)


def test_every_error_is_told_with_its_status_and_sentence() -> None:
    for module in ("rendering.engine.errors", "rendering.providers.base", "videoserver.urls"):
        importlib.import_module(module)
    told = rows(section("Errors"))
    ours = [leaf for kind in (RenderingError, MediaError, DomainError) for leaf in leaves(kind)]
    ours = [leaf for leaf in ours if leaf.__module__.split(".")[0] in ROOMS]
    assert len(ours) > 40
    for leaf in ours:
        status, sentence = told[leaf.code].split("|")[1:3]
        assert str(int(leaf.status)) in status, f"{leaf.__name__} is a {leaf.status}"
        said = getattr(leaf, "sentence", "") or getattr(leaf, "default_detail", "") or (leaf.__doc__ or "").strip()
        assert said.removesuffix(".") in sentence, f"{leaf.__name__} says {said!r}"


# All documents


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as they are made of them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", path.read_text(), flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_of_a_document_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), f"{target} is not there"
        assert linked.is_relative_to(ROOT)
        if anchor:
            assert anchor in anchors(linked), f"{target} has no such heading"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_speaks_of_no_machine_but_the_readers(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"(?<![\w.])/(work|root|home|Users|tmp|mnt)/", text)
    assert not re.search(r"\b(?:localhost|127\.0\.0\.1|HOST):(?!8000\b|8080\b|5432\b|6379\b)\d+", text)
    assert not re.search(r"\b(TODO|FIXME|TBD|coming soon)\b", text)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_document_are_valid(path: Path) -> None:
    text = path.read_text()
    for example in re.findall(r"```json\n(.*?)```", text, re.S):
        told = json.loads(example)
        if isinstance(told, dict) and "scenes" in told:
            documents.validate(told, for_render=True)
    for example in re.findall(r"<<EOF\n(\{.*?)\nEOF", text, re.S):
        documents.validate(json.loads(example), for_render=True)


def test_pictures_in_the_documents_are_small() -> None:
    pictures = [path for path in (ROOT / "docs/images").iterdir() if path.is_file()]
    shown = {name for path in DOCUMENTS for name in re.findall(r"\]\([^)]*images/([^)]+)\)", path.read_text())}
    assert {path.name for path in pictures} == shown
    assert all(path.stat().st_size < 300_000 for path in pictures)


def test_the_template_of_the_howto_is_short_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs/howto/template-authors.md").read_text()
    files = dict(re.findall(r"^`(globe/\w+\.py)`.*?```python\n(.*?)```", text, re.M | re.S))
    assert set(files) == {"globe/apps.py", "globe/template.py", "globe/clips.py"}
    assert sum(1 for file in files.values() for line in file.splitlines() if line.strip()) <= 30
    (tmp_path / "globe").mkdir()
    for name, file in {**files, "globe/__init__.py": ""}.items():
        (tmp_path / name).write_text(file)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(catalogue, "_templates", dict(catalogue._templates))
    for name in ("globe", "globe.apps", "globe.template"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    config = importlib.import_module("globe.apps").GlobeConfig("globe", importlib.import_module("globe"))
    config.ready()
    told = re.search(r"`globe\.json`:\n\n```text\n(.*?)```", text, re.S)
    assert told
    document = documents.validate(json.loads(told[1]), for_render=True)
    output, child = tmp_path / "globe.jpg", Child(launch.MODULE, python_path=[str(tmp_path)])
    try:
        launch.still(plan.timeline(document, {}), 30, {}, output, moviepy_layers=["globe.clips"], child=child)
    finally:
        child.close()
    with Image.open(output) as still:
        width, height = still.size
        assert near(still.getpixel((4, height - 4)), (10, 20, 50)), "night around it"
        seen = {
            still.getpixel((width // 2 + x, height * 6 // 10 + y)) for x in range(-60, 60, 7) for y in (-60, 10, 60)
        }
        assert any(near(pixel, (60, 170, 90)) for pixel in seen), "land"
        assert any(near(pixel, (40, 90, 200)) for pixel in seen), "sea"


def near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 12 for one, other in zip(pixel, colour, strict=True))
