"""The library as staff see it."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from media_assets.models import Folder, MediaAsset
from rendering.models import AssetUse, Storyboard
from tests import footage
from tests.media_assets.conftest import files

LIST, ADD = "/admin/media_assets/mediaasset/", "/admin/media_assets/mediaasset/add/"


@pytest.fixture
def admin(reviewer: User, client: Client) -> Client:
    """A browser of somebody who may do everything."""
    reviewer.is_superuser = True
    reviewer.save()
    client.force_login(reviewer)
    return client


def page(asset: MediaAsset) -> str:
    return reverse("admin:media_assets_mediaasset_change", args=[asset.pk])


def send(admin: Client, name: str, data: bytes, **fields: Any) -> Any:
    return admin.post(ADD, {"file": SimpleUploadedFile(name, data), "name": "", "tags": "", **fields})


def test_the_list_shows_the_picture_and_the_page_the_player(admin: Client, pier: MediaAsset) -> None:
    listed = admin.get(LIST).content.decode()
    assert f'src="/api/v1/media/{pier.pk}/thumbnail"' in listed and "pier.mp4" in listed
    shown = admin.get(page(pier)).content.decode()
    assert "<video controls" in shown and f'src="/api/v1/media/{pier.pk}/data"' in shown
    assert pier.checksum in shown and "320 × 180" in shown


def test_an_upload_takes_the_same_way_as_the_api(admin: Client, reviewer: User, library: Path, tmp_path: Path) -> None:
    assert admin.get(ADD).status_code == 200
    folder = Folder.objects.create(owner=reviewer, name="Boats")
    film = footage.film(tmp_path / "quay.mp4", seconds=0.2)
    response = send(admin, "quay.mp4", film.read_bytes(), tags="sea, red , sea", folder=str(folder.pk))
    assert response.status_code == 302, response.content
    asset = MediaAsset.objects.get()
    assert (asset.name, asset.owner, asset.tags, asset.folder) == ("quay.mp4", reviewer, ["sea", "red"], folder)
    assert (library / asset.key).read_bytes() == film.read_bytes()


def test_a_bad_upload_is_told_at_its_field_and_leaves_nothing(admin: Client, library: Path) -> None:
    response = send(admin, "a.mp4", b"<html>" * 900)
    assert response.status_code == 200 and "Not a valid video" in response.content.decode()
    missing = admin.post(ADD, {"name": "x", "tags": ""})
    assert missing.status_code == 200 and "This field is required" in missing.content.decode()
    assert not MediaAsset.objects.exists() and not files(library)


def test_a_change_writes_only_what_was_changed(admin: Client, pier: MediaAsset) -> None:
    response = admin.post(page(pier), {"name": "Old\u202e pier", "tags": "sea", "folder": ""})
    assert response.status_code == 302, response.content
    before = pier.checksum
    pier.refresh_from_db()
    assert (pier.name, pier.tags, pier.checksum) == ("Old pier", ["sea"], before)
    refused = admin.post(page(pier), {"name": "///", "tags": "", "folder": ""})
    assert refused.status_code == 200 and "readable character" in refused.content.decode()


def test_deleting_is_soft_and_refused_while_in_use(
    admin: Client, author: User, pier: MediaAsset, library: Path
) -> None:
    board = Storyboard.objects.create(owner=author, last_editor=author, title="Harbour tour")
    AssetUse.objects.create(storyboard=board, asset=pier, role="video")
    chosen = {"action": "discard", "_selected_action": [str(pier.pk)]}
    told = admin.post(LIST, chosen, follow=True).content.decode()
    assert "Still in use, so kept: pier.mp4." in told
    assert not MediaAsset.objects.get().is_deleted
    board.delete()
    admin.post(reverse("admin:media_assets_mediaasset_delete", args=[pier.pk]), {"post": "yes"})
    assert MediaAsset.objects.get().is_deleted and (library / pier.key).exists()
    assert page(pier) not in admin.get(LIST).content.decode()
    assert page(pier) in admin.get(f"{LIST}?is_deleted__exact=1").content.decode()


def test_rows_are_never_removed_in_bulk(admin: Client, pier: MediaAsset) -> None:
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [str(pier.pk)], "post": "yes"})
    assert MediaAsset.objects.filter(is_deleted=False).count() == 1


def test_names_are_text_and_never_markup(admin: Client, author: User) -> None:
    nasty = "<script>alert(1)</script>"
    asset = MediaAsset.objects.create(owner=author, name=nasty, type="video", metadata={"a": nasty})
    for path in (LIST, page(asset)):
        assert nasty not in admin.get(path).content.decode()


def test_a_folder_belongs_to_who_made_it(admin: Client, reviewer: User) -> None:
    admin.post("/admin/media_assets/folder/add/", {"name": "Boats"})
    assert Folder.objects.get().owner == reviewer
    assert "Boats" in admin.get("/admin/media_assets/folder/").content.decode()
