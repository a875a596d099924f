"""Writing storyboards in the admin: one form with the whole document, checked by the workflow."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from media_assets.models import MediaAsset
from rendering.models import Storyboard
from rendering.states import StoryboardState
from rendering.video_templates import catalogue
from rendering.workflow import write
from tests import footage
from tests.admin.conftest import keep, scene
from tests.admin.pages import ADD, LIST, deed, page, told, typed
from tests.base import person


def errors_at(html: str, name: str) -> list[dict[str, str]]:
    """What the page tells the editor's script about one field."""
    area = re.search(rf'<textarea name="{name}"[^>]*data-errors="([^"]*)"', html)
    return json.loads(area[1].replace("&quot;", '"').replace("&#x27;", "'")) if area else []


def test_a_new_storyboard_needs_no_more_than_a_title(writer):
    assert "data-schema" in writer.get(ADD).content.decode()
    response = writer.post(ADD, typed({"title": "Harbour tour"}))
    board = Storyboard.objects.get()
    assert response["Location"] == page(board)
    assert (board.title, board.owner.username, board.scenes.count(), board.revision) == ("Harbour tour", "writer", 0, 1)


def test_a_new_storyboard_with_scenes_is_the_document_that_was_typed(writer, tmp_path):
    mine = keep(footage.picture(tmp_path / "pier.png", (64, 64)), person_called("writer"))
    scenes = [scene(mine, "One"), scene(mine, "Two", transition={"kind": "crossfade", "duration": 0.25})]
    writer.post(ADD, typed({"title": "Pier", "scenes": scenes}, brand={"color": "#FF0000"}, fps=12))
    document = Storyboard.objects.get().document()
    assert [each["caption"] for each in document["scenes"]] == ["One", "Two"]
    assert (document["brand"]["color"], document["fps"], document["soundtrack"]) == ("#ff0000", 12, None)
    assert Storyboard.objects.get().asset_uses.count() == 2


def person_called(name: str) -> Any:
    from django.contrib.auth.models import User

    return User.objects.get(username=name)


def test_a_change_makes_one_new_revision_and_keeps_the_scenes(writer, submitted):
    document = submitted.document()
    first, second = document["scenes"]
    document["scenes"] = [second | {"transition": None}, first]
    response = writer.post(page(submitted), typed(document, 1, title="Harbour, backwards"))
    assert told(response) == "Saved. This is revision 2."
    submitted.refresh_from_db()
    assert (submitted.title, submitted.revision, submitted.status) == ("Harbour, backwards", 2, StoryboardState.DRAFT)
    assert [str(each.pk) for each in submitted.scenes.all()] == [second["id"], first["id"]]
    assert submitted.last_editor.username == "writer"


def test_saving_without_a_change_keeps_the_approval(writer, approved):
    writer.post(page(approved), typed(approved.document(), approved.revision))
    approved.refresh_from_db()
    assert (approved.revision, approved.is_approved) == (1, True)


def test_who_was_overtaken_overwrites_nothing_and_loses_nothing(writer, board, author):
    mine = typed(board.document(), board.revision, title="Mine")
    write.rewrite(board, author, board.document() | {"title": "Theirs"})
    response = writer.post(page(board), mine)
    shown = response.content.decode()
    assert response.status_code == 200
    assert "author saved revision 2 while you worked on revision 1" in shown and 'value="Mine"' in shown
    board.refresh_from_db()
    assert (board.title, board.revision) == ("Theirs", 2)


def test_every_error_is_told_at_its_place(writer, board):
    document = board.document()
    document["scenes"][0] |= {"duration": 0, "caption": "x" * 501}
    document["scenes"][1]["params"]["motion"] = "spin"
    response = writer.post(page(board), typed(document, 1, brand={"color": "red"}, fps=12))
    shown = response.content.decode()
    assert {error["pointer"] for error in errors_at(shown, "scenes")} == {
        "/scenes/0/duration",
        "/scenes/0/caption",
        "/scenes/1/params/motion",
    }
    assert [error["pointer"] for error in errors_at(shown, "brand")] == ["/brand/color"]
    assert "Scene 1, duration: This must be at least 0.5." in shown
    board.refresh_from_db()
    assert board.revision == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"scenes": "{not JSON"}, "Enter a valid JSON."),
        ({"scenes": "[" * 100_000}, "This is nested too deeply."),
        ({"scenes": '{"a": 1}'}, "This must be a list, not an object."),
        ({"scenes": '[{"template": "globe"}]'}, "There is no template"),
        ({"width": 63}, "greater than or equal to 64"),
        ({"width": 640}, "Width and height go together."),
        ({"fps": 61}, "less than or equal to 60"),
        ({"quality": "8k"}, "Select a valid choice."),
        ({"title": ""}, "This field is required."),
    ],
)
def test_nonsense_is_refused_with_a_sentence(writer, changes, sentence):
    response = writer.post(ADD, typed({"title": "Pier"}) | changes)
    assert response.status_code == 200
    assert sentence in response.content.decode().replace("&#x27;", "'")
    assert not Storyboard.objects.exists()


def test_an_asset_of_somebody_else_is_not_found(writer, board, stranger, tmp_path):
    theirs = keep(footage.picture(tmp_path / "theirs.png", (64, 64)), stranger)
    document = board.document()
    document["scenes"][0]["params"]["image"] = str(theirs.pk)
    owned = typed(document, 1)
    response = writer.post(page(board), owned)
    assert errors_at(response.content.decode(), "scenes")[0]["pointer"] == "/scenes/0/params/image"


def test_the_editor_knows_every_template_by_its_own_fields(writer):
    area = re.search(r'<textarea name="scenes"[^>]*data-schema="([^"]*)"', writer.get(ADD).content.decode())
    assert area
    schema = json.loads(area[1].replace("&quot;", '"').replace("&#x27;", "'"))
    assert list(schema["templates"]) == catalogue.names()
    assert schema["templates"]["picture"]["schema"]["properties"]["image"]["x-asset"] == "image"


def test_the_picker_shows_the_owners_library_and_nothing_else(writer, board, picture, stranger, tmp_path):
    keep(footage.picture(tmp_path / "theirs.png", (64, 64)), stranger)
    where = deed(board, "assets")
    assert [each["name"] for each in writer.get(where, {"type": "image"}).json()["assets"]] == ["pier.png"]
    assert writer.get(where, {"type": "image", "search": "boat"}).json() == {"assets": []}
    assert writer.get(where, {"type": "video"}).json() == {"assets": []}
    named = writer.get(where, {"id": [str(picture.pk), "nonsense"]}).json()["assets"]
    assert named == [
        {
            "id": str(picture.pk),
            "name": "pier.png",
            "type": "image",
            "thumbnail": f"/api/v1/media/{picture.pk}/thumbnail",
        }
    ]


def test_an_upload_in_the_picker_belongs_to_the_storyboards_owner(writer, onlooker, board, author, tmp_path):
    data = footage.picture(tmp_path / "gull.png", (64, 64)).read_bytes()
    where = deed(board, "assets")
    response = writer.post(where, {"file": SimpleUploadedFile("gull.png", data)})
    assert response.status_code == 201
    assert MediaAsset.objects.get(pk=response.json()["assets"][0]["id"]).owner == author
    assert writer.post(where, {"file": SimpleUploadedFile("a.png", b"<html>" * 300)}).status_code == 422
    assert writer.post(where).status_code == 400
    assert onlooker.get(where).status_code == onlooker.post(where).status_code == 403


def test_who_may_change_but_not_upload_cannot_upload(browser, board):
    editor = person("editor", staff=True)
    codes = ["view_storyboard", "change_storyboard"]
    editor.user_permissions.set(Permission.objects.filter(codename__in=codes))
    assert browser(editor).post(deed(board, "assets")).status_code == 403
    assert browser(editor).get(LIST + "assets/").status_code == 403  # that is for new ones
