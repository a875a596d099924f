"""The segment cache: written once, never believed unseen."""

import hashlib
import json
import os
import threading

import pytest

from rendering.engine.launch import SegmentFile
from rendering.exceptions import SegmentLost
from rendering.workflow.segment_cache import SegmentCache

KEY = "ab" + "0" * 62


@pytest.fixture
def cache(tmp_path):
    return SegmentCache(tmp_path / "segments")


def made(tmp_path, content=b"segment", name="made.mp4"):
    path = tmp_path / name
    path.write_bytes(content)
    return SegmentFile(path, hashlib.sha256(content).hexdigest(), len(content), 30)


def files_of(cache):
    return sorted(path.name for path in cache.folder.rglob("*") if path.is_file())


def test_what_was_put_is_found_with_its_facts(cache, tmp_path):
    assert cache.find(KEY) is None
    kept = cache.put(KEY, made(tmp_path))
    assert cache.find(KEY) == cache.require(KEY) == kept
    assert kept.path == cache.folder / "ab" / f"{KEY}.mp4"
    assert kept.path.read_bytes() == b"segment"
    assert files_of(cache) == [f"{KEY}.json", f"{KEY}.mp4"]


@pytest.mark.parametrize("damage", [b"", b"segmen", b"segmenT", b"segment and more"])
def test_a_damaged_segment_is_removed_and_not_found(cache, tmp_path, damage):
    cache.put(KEY, made(tmp_path)).path.write_bytes(damage)
    assert cache.find(KEY) is None
    assert files_of(cache) == []
    with pytest.raises(SegmentLost):
        cache.require(KEY)


@pytest.mark.parametrize("words", ["", "{", "[]", '{"sha256": "x"}'])
def test_a_description_that_says_nothing_is_a_miss(cache, tmp_path, words):
    cache.put(KEY, made(tmp_path)).path.with_suffix(".json").write_text(words)
    assert cache.find(KEY) is None
    assert files_of(cache) == []


def test_the_first_whole_segment_stays(cache, tmp_path):
    first = cache.put(KEY, made(tmp_path))
    second = cache.put(KEY, made(tmp_path, b"another", "other.mp4"))
    assert second == first
    assert first.path.read_bytes() == b"segment"


def test_a_file_without_its_description_is_replaced(cache, tmp_path):
    cache.put(KEY, made(tmp_path)).path.with_suffix(".json").unlink()
    cache.put(KEY, made(tmp_path, b"another", "other.mp4"))
    assert cache.require(KEY).path.read_bytes() == b"another"
    assert json.loads((cache.folder / "ab" / f"{KEY}.json").read_text())["size"] == 7


def test_many_at_once_leave_one_whole_segment_and_no_scraps(cache, tmp_path):
    files = [made(tmp_path, b"segment %d" % number, f"{number}.mp4") for number in range(8)]
    threads = [threading.Thread(target=cache.put, args=(KEY, file)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.require(KEY).path.read_bytes().startswith(b"segment ")
    assert files_of(cache) == [f"{KEY}.json", f"{KEY}.mp4"]


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "AB" + "0" * 62, "0" * 63, "0" * 64 + "\n"])
def test_only_a_hash_names_a_segment(cache, key):
    with pytest.raises(ValueError, match="64 hex digits"):
        cache.find(key)


def test_trimming_removes_what_was_not_used_for_longest(cache, tmp_path):
    keys = [f"{number:02x}" + "0" * 62 for number in range(4)]
    for age, key in enumerate(keys):
        cache.put(key, made(tmp_path, b"x" * 100))
        description = cache.path(key).with_suffix(".json")
        long_ago = description.stat().st_mtime - 7200 - age
        os.utime(description, (long_ago, long_ago))
    assert cache.trim(most_bytes=250) == 2
    assert [cache.find(key) is not None for key in keys] == [True, True, False, False]


def test_trimming_spares_what_was_used_a_moment_ago(cache, tmp_path):
    cache.put(KEY, made(tmp_path, b"x" * 100))
    assert cache.trim(most_bytes=0) == 0
    assert cache.find(KEY) is not None
