"""Assets move only as their table says, and the database agrees."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction

from media_assets.exceptions import AssetInUse, WrongState
from media_assets.models import ASSET_MOVES, AssetState, AssetType, Folder, MediaAsset
from rendering.models import AssetUse, Storyboard


def placeholder(owner: User, status: AssetState = AssetState.PENDING_UPLOAD, **fields: object) -> MediaAsset:
    file = {"key": "media/1/2/original-3.mp4", "checksum": "ab" * 32, "size": 5} if status == AssetState.READY else {}
    fields = {"owner": owner, "name": "pier.mp4", "type": AssetType.VIDEO, "status": status, **file, **fields}
    return MediaAsset.objects.create(**fields)


@pytest.mark.parametrize("source", AssetState)
@pytest.mark.parametrize("target", AssetState)
def test_only_moves_of_the_table_happen(author: User, source: AssetState, target: AssetState) -> None:
    asset = placeholder(author, source)
    file = {"key": "k", "checksum": "c", "size": 1} if target == AssetState.READY else {}
    if target in ASSET_MOVES[source]:
        asset.become(target, **file)
        assert MediaAsset.objects.get(pk=asset.pk).status == target
    else:
        with pytest.raises(WrongState):
            asset.become(target, **file)
        assert MediaAsset.objects.get(pk=asset.pk).status == source


def test_of_two_who_move_one_asset_the_second_is_refused(author: User) -> None:
    asset = placeholder(author, AssetState.UPLOADING)
    late = MediaAsset.objects.get(pk=asset.pk)
    asset.become(AssetState.FAILED, error_code="network_error", error_detail="Network error: reset")
    with pytest.raises(WrongState, match="Somebody changed the asset first"):
        late.become(AssetState.READY, key="k", checksum="c", size=1)
    assert MediaAsset.objects.get(pk=asset.pk).status == AssetState.FAILED


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "lost"},
        {"type": "song"},
        {"status": "ready", "key": ""},
        {"status": "ready", "checksum": ""},
        {"status": "ready", "size": 0},
        {"is_deleted": True},
    ],
)
def test_the_database_refuses_a_row_that_cannot_be(author: User, wrong: dict[str, object]) -> None:
    asset = placeholder(author, AssetState.READY)
    with pytest.raises(IntegrityError), transaction.atomic():
        MediaAsset.objects.filter(pk=asset.pk).update(**wrong)


def test_two_assets_never_share_a_stored_file(author: User) -> None:
    placeholder(author, AssetState.READY)
    with pytest.raises(IntegrityError), transaction.atomic():
        placeholder(author, AssetState.READY)


def test_everyone_sees_their_own_and_staff_see_all(author: User, stranger: User, reviewer: User) -> None:
    mine, theirs = placeholder(author), placeholder(stranger)
    assert set(MediaAsset.objects.for_user(author)) == {mine}
    assert set(MediaAsset.objects.for_user(reviewer)) == {mine, theirs}
    assert not MediaAsset.objects.for_user(AnonymousUser()).exists()


def test_a_deleted_asset_is_kept_but_not_alive(author: User) -> None:
    asset = placeholder(author)
    asset.discard()
    assert asset.is_deleted and asset.deleted_at
    assert not MediaAsset.objects.alive().exists() and MediaAsset.objects.count() == 1
    when = asset.deleted_at
    asset.discard()
    assert asset.deleted_at == when


def test_an_asset_that_a_storyboard_uses_stays(author: User) -> None:
    asset, other = placeholder(author, AssetState.READY), placeholder(author)
    board = Storyboard.objects.create(owner=author, last_editor=author, title="Harbour tour")
    AssetUse.objects.create(storyboard=board, asset=asset, role="image")
    assert (asset.count_uses(), other.count_uses()) == (1, 0)
    with pytest.raises(AssetInUse, match="in use in 1 place"):
        asset.discard()
    asset.refresh_from_db()
    assert not asset.is_deleted
    board.delete()
    asset.discard()
    assert asset.is_deleted


def test_tags_are_matched_whole_and_never_as_a_pattern(author: User) -> None:
    asset = placeholder(author, tags=["sea", 'a"b', "50%"])
    for tag in asset.tags:
        assert list(MediaAsset.objects.tagged(tag)) == [asset]
    for tag in ("se", "SEA", "b", "%", "seaside", "') OR 1=1 --"):
        assert not MediaAsset.objects.tagged(tag).exists()


def test_a_deleted_folder_leaves_its_assets(author: User) -> None:
    folder = Folder.objects.create(owner=author, name="Boats")
    asset = placeholder(author, folder=folder)
    folder.delete()
    asset.refresh_from_db()
    assert asset.folder is None
