"""The suite's people have what their groups give, also after a test that emptied the tables."""

import pytest
from django.contrib.auth.models import Group

from tests.base import person


@pytest.mark.parametrize("emptied", [False, True])
def test_groups_give_what_each_may_do(db, emptied):
    if emptied:
        Group.objects.all().delete()
    author, reviewer = person("a", "author"), person("r", "reviewer", staff=True)
    assert author.has_perm("rendering.add_storyboard")
    assert not author.has_perm("rendering.approve_storyboard")
    assert reviewer.has_perm("rendering.approve_storyboard")
    assert not reviewer.has_perm("rendering.change_storyboard")
