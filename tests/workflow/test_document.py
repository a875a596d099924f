"""The storyboard document: what it may be, what it becomes, and what is said about a bad one."""

import copy
import json

import pytest

from rendering.workflow import document as documents
from rendering.workflow import document_fields

HARBOUR = {
    "title": "Harbour tour",
    "aspect_ratio": "16:9",
    "quality": "1080p",
    "fps": 30,
    "loudness_lufs": -14,
    "captions": "burned",
    "soundtrack": {"asset": "music.wav", "volume_db": -12, "duck_db": -10, "fade_out": 2.0},
    "brand": {"color": "#0B5FFF", "font": "Inter", "logo": "logo.png"},
    "provider": "local",
    "fallback": "none",
    "video_path": "timeline",
    "campaign": None,
    "metadata": {"shoot": 7},
    "scenes": [
        {
            "template": "picture",
            "duration": 4.0,
            "params": {"image": "dawn.png", "motion": "zoom_in"},
            "caption": "The old harbour at dawn",
            "narration": "dawn.wav",
        },
        {
            "template": "footage",
            "duration": 3,
            "params": {"video": "boat.mp4", "start": 1.5},
            "transition": {"kind": "crossfade", "duration": 0.5},
        },
        {"template": "closing", "duration": 2, "params": {"title": "Come and see", "call_to_action": "Book now"}},
    ],
}


@pytest.fixture
def harbour():
    return copy.deepcopy(HARBOUR)


def errors_of(document, **options):
    with pytest.raises(documents.DocumentInvalid) as caught:
        documents.validate(document, **options)
    return {(error["pointer"], error["code"]) for error in caught.value.errors}


def sentences_of(document, **options):
    with pytest.raises(documents.DocumentInvalid) as caught:
        documents.validate(document, **options)
    return {error["pointer"]: error["detail"] for error in caught.value.errors}


def test_the_example_of_the_contract_is_valid_and_checking_twice_changes_nothing(harbour):
    once = documents.validate(harbour, for_render=True)
    assert documents.validate(once, for_render=True) == once
    assert json.loads(json.dumps(once)) == once


def test_only_title_and_scenes_are_needed():
    valid = documents.validate({"title": "Short", "scenes": []})
    assert valid["aspect_ratio"] == "16:9"
    assert valid["quality"] == "1080p"
    assert valid["fps"] == 30
    assert valid["brand"] == {"color": "#0b5fff", "font": "Inter", "logo": ""}
    assert valid["soundtrack"] is None
    assert valid["captions"] == "burned"
    assert valid["metadata"] == {}
    assert errors_of({}) == {("/title", "required"), ("/scenes", "required")}


def test_a_scene_has_its_defaults():
    scene = documents.validate({"title": "T", "scenes": [{"template": "picture"}]})["scenes"][0]
    assert scene == {
        "template": "picture",
        "duration": 4.0,
        "params": {"image": "", "motion": "none"},
        "caption": "",
        "narration": "",
        "transition": None,
    }


def test_every_error_is_told_at_once_with_its_place():
    bad = {
        "title": " ",
        "fps": 29.97,
        "quality": "4k",
        "soundtrack": {"volume_db": "loud", "asset": "a.wav"},
        "brand": {"color": "blue"},
        "tiltle": "typo",
        "scenes": [
            {"template": "picture", "duration": 0, "params": {"motion": "spin", "zoom/in~": 1}},
            {"template": "juggling", "params": {"anything": "goes"}},
            {"params": {}},
            "a scene",
        ],
    }
    assert errors_of(bad) == {
        ("/title", "blank"),
        ("/fps", "invalid"),
        ("/quality", "invalid_choice"),
        ("/soundtrack/volume_db", "invalid"),
        ("/brand/color", "invalid"),
        ("/tiltle", "unknown"),
        ("/scenes/0/duration", "min_value"),
        ("/scenes/0/params/motion", "invalid_choice"),
        ("/scenes/0/params/zoom~1in~0", "unknown"),
        ("/scenes/1/template", "unknown_template"),
        ("/scenes/2/template", "required"),
        ("/scenes/3", "invalid"),
    }


@pytest.mark.parametrize("thing", [None, [], "film", 7, True])
def test_what_is_no_object_is_no_document(thing):
    assert errors_of(thing) == {("", "invalid")}


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("fps", 0, "min_value"),
        ("fps", 61, "max_value"),
        ("fps", True, "invalid"),
        ("fps", "30", "invalid"),
        ("loudness_lufs", float("nan"), "invalid"),
        ("loudness_lufs", float("-inf"), "invalid"),
        ("loudness_lufs", 10**400, "max_value"),
        ("aspect_ratio", "3:2", "invalid_choice"),
        ("aspect_ratio", ["16:9"], "invalid_choice"),
        ("title", "x" * 201, "max_length"),
        ("title", "nul \x00", "invalid"),
        ("title", "half \ud800", "invalid"),
        ("title", 5, "invalid"),
        ("campaign", "spring", "invalid"),
        ("metadata", [], "invalid"),
        ("metadata", {"deep": float("nan")}, "invalid"),
        ("metadata", {"nul": ["\x00"]}, "invalid"),
        ("metadata", {"half \ud800": 1}, "invalid"),
        ("metadata", json.loads('{"deep":' * 40 + "1" + "}" * 40), "invalid"),
        ("metadata", {"long": "x" * 17000}, "max_length"),
        ("scenes", {}, "invalid"),
        ("scenes", [{"template": "closing", "params": {"title": "a", "call_to_action": "b"}}] * 501, "max_length"),
    ],
)
def test_a_value_out_of_its_bounds_is_refused_at_its_place(harbour, key, value, code):
    assert (f"/{key}", code) in errors_of(harbour | {key: value})


@pytest.mark.parametrize(
    ("width", "height", "pointer"),
    [
        (1281, 720, "/width"),
        (62, 720, "/width"),
        (1280, 4098, "/height"),
        (1280, None, "/height"),
        (None, 720, "/width"),
    ],
)
def test_an_own_size_is_even_within_bounds_and_whole(harbour, width, height, pointer):
    assert {place for place, _ in errors_of(harbour | {"width": width, "height": height})} == {pointer}


def test_a_duration_may_be_half_a_second_to_ten_minutes(harbour):
    for seconds in (0.5, 600):
        harbour["scenes"][0]["duration"] = seconds
        assert documents.validate(harbour)["scenes"][0]["duration"] == seconds
    for seconds, code in ((0.49, "min_value"), (600.01, "max_value"), (0, "min_value"), (-3, "min_value")):
        harbour["scenes"][0]["duration"] = seconds
        assert ("/scenes/0/duration", code) in errors_of(harbour)


def test_a_draft_may_lack_pictures_but_a_render_may_not(harbour):
    harbour["scenes"].append({"template": "picture", "params": {"image": None}})
    harbour["scenes"].append({"template": "footage", "params": {}})
    assert documents.validate(harbour)["scenes"][3]["params"]["image"] == ""
    assert sentences_of(harbour, for_render=True) == {
        "/scenes/3/params/image": "Scene 4 is missing image",
        "/scenes/4/params/video": "Scene 5 is missing video",
    }
    assert ("/scenes/3/params/image", "scene_missing_image") in errors_of(harbour, for_render=True)


def test_a_storyboard_without_scenes_is_a_draft_at_most():
    empty = {"title": "Nothing yet", "scenes": []}
    assert documents.validate(empty)["scenes"] == []
    assert sentences_of(empty, for_render=True) == {"/scenes": "No storyboard data available"}
    assert errors_of(empty, for_render=True) == {("/scenes", "no_scenes")}
    with pytest.raises(documents.DocumentInvalid, match=r"^No storyboard data available$"):
        documents.validate(empty, for_render=True)


def test_what_reads_add_is_ignored_so_that_a_read_can_be_sent_back(harbour):
    read = harbour | {
        "id": "x",
        "owner": "kim",
        "status": "draft",
        "revision": 3,
        "content_hash": "0",
        "approval": None,
    }
    read |= {
        "duration": 8.5,
        "estimated_cost": "0.00",
        "currency": "USD",
        "created_at": "",
        "updated_at": "",
        "urls": {},
    }
    for at, scene in enumerate(read["scenes"]):
        scene |= {"id": f"00000000-0000-4000-8000-00000000000{at}", "position": at, "clip": None}
    valid = documents.validate(read)
    assert "status" not in valid
    assert "position" not in valid["scenes"][0]
    assert valid["scenes"][1]["id"] == "00000000-0000-4000-8000-000000000001"


def scenes_of(*durations, way_in, fps=30):
    scenes = [{"template": "picture", "duration": seconds} for seconds in durations]
    for scene in scenes[1:]:
        scene["transition"] = {"kind": "crossfade", "duration": way_in}
    return {"title": "T", "fps": fps, "scenes": scenes}


def test_a_transition_may_fill_its_scenes_but_not_more():
    documents.validate(scenes_of(2, 2, way_in=2))
    assert errors_of(scenes_of(2, 2, way_in=2.1)) == {("/scenes/1/transition/duration", "max_value")}
    assert errors_of(scenes_of(2, 5, way_in=3)) == {("/scenes/1/transition/duration", "max_value")}
    assert errors_of(scenes_of(5, 2, way_in=3)) == {("/scenes/1/transition/duration", "max_value")}


def test_transitions_into_and_out_of_a_scene_share_its_length():
    documents.validate(scenes_of(4, 2, 4, way_in=1))
    detail = sentences_of(scenes_of(4, 2, 4, way_in=1.2))["/scenes/1/transition/duration"]
    assert detail == "The transitions into and out of scene 2 are together longer than its 2 s."


def test_transitions_are_compared_in_whole_frames():
    documents.validate(scenes_of(1, 1, 1, way_in=0.5, fps=30))
    assert errors_of(scenes_of(1, 1, 1, way_in=0.5, fps=25)) == {("/scenes/1/transition/duration", "max_value")}


def test_the_first_scene_comes_from_nowhere(harbour):
    harbour["scenes"][0]["transition"] = {"kind": "crossfade", "duration": 0.5}
    assert errors_of(harbour) == {("/scenes/0/transition", "invalid")}
    harbour["scenes"][0]["transition"] = {"kind": "cut"}
    assert documents.validate(harbour)["scenes"][0]["transition"] is None


def test_a_name_with_hyphens_and_one_with_underscores_are_the_same_template(harbour):
    harbour["scenes"][2]["template"] = "Closing"
    assert documents.validate(harbour)["scenes"][2]["template"] == "closing"


def test_footage_ends_after_its_start(harbour):
    harbour["scenes"][1]["params"]["end"] = 1.5
    assert errors_of(harbour) == {("/scenes/1/params/end", "invalid")}


def test_one_scene_is_checked_by_itself():
    scene = documents.validate_scene({"template": "picture", "params": {"image": "a.png"}}, number=4)
    assert scene["params"]["image"] == "a.png"
    with pytest.raises(documents.DocumentInvalid) as caught:
        documents.validate_scene({"template": "picture", "duration": 0}, number=4, for_render=True)
    assert {error["pointer"]: error["detail"] for error in caught.value.errors} == {
        "/duration": "This must be at least 0.5.",
        "/params/image": "Scene 4 is missing image",
    }


def test_every_use_of_an_asset_is_found_with_its_role_and_type(harbour):
    found = documents.asset_references(documents.validate(harbour))
    assert [tuple(reference) for reference in found] == [
        ("/brand/logo", "logo.png", "brand.logo", "image"),
        ("/soundtrack/asset", "music.wav", "soundtrack", "audio"),
        ("/scenes/0/params/image", "dawn.png", "image", "image"),
        ("/scenes/0/narration", "dawn.wav", "narration", "audio"),
        ("/scenes/1/params/video", "boat.mp4", "video", "video"),
    ]


def test_the_content_hash_follows_content_and_nothing_else(harbour):
    first = documents.content_hash(documents.validate(harbour))
    other_notes = harbour | {"metadata": {"shoot": 8}, "campaign": "00000000-0000-4000-8000-000000000000"}
    other_notes["scenes"] = [scene | {"id": "00000000-0000-4000-8000-000000000001"} for scene in harbour["scenes"]]
    written_out = copy.deepcopy(harbour)
    written_out["scenes"][1] |= {"duration": 3.0, "caption": "", "narration": None}
    assert documents.content_hash(documents.validate(other_notes)) == first
    assert documents.content_hash(documents.validate(written_out)) == first
    for change in ({"title": "Harbor tour"}, {"fps": 25}, {"captions": "none"}, {"scenes": harbour["scenes"][::-1]}):
        harbour_changed = copy.deepcopy(harbour) | copy.deepcopy(change)
        harbour_changed["scenes"][0].pop("transition", None)
        assert documents.content_hash(documents.validate(harbour_changed)) != first


@pytest.mark.parametrize(
    ("ratio", "quality", "expected"),
    [
        ("16:9", "1080p", (1920, 1080)),
        ("16:9", "480p", (854, 480)),
        ("16:9", "draft", (640, 360)),
        ("9:16", "720p", (720, 1280)),
        ("1:1", "1440p", (1440, 1440)),
        ("4:5", "1080p", (1080, 1350)),
        ("4:3", "480p", (640, 480)),
        ("21:9", "1080p", (2520, 1080)),
        ("16:9", "2160p", (3840, 2160)),
    ],
)
def test_the_shorter_side_is_the_quality_and_the_longer_one_even(ratio, quality, expected):
    document = documents.validate({"title": "T", "scenes": [], "aspect_ratio": ratio, "quality": quality})
    assert documents.size(document) == expected


def test_an_order_may_ask_for_another_size_than_the_document():
    plain = documents.validate({"title": "T", "scenes": []})
    own = documents.validate({"title": "T", "scenes": [], "width": 1000, "height": 500})
    assert documents.size(plain, quality="720p") == (1280, 720)
    assert documents.size(plain, aspect_ratio="1:1") == (1080, 1080)
    assert documents.size(plain, width=320, height=240) == (320, 240)
    assert documents.size(own) == (1000, 500)
    assert documents.size(own, quality="720p") == (1440, 720)
    assert documents.size(own, aspect_ratio="9:16") == (500, 888)


def test_the_schema_says_what_the_check_says():
    schema = document_fields.schema()
    assert schema["required"] == ["title", "scenes"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["fps"] == {"type": ["integer", "null"], "minimum": 1, "maximum": 60, "default": 30}
    assert schema["properties"]["scenes"]["items"]["properties"]["duration"]["minimum"] == 0.5
