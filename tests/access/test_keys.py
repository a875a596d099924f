"""API keys: what they look like, how they are kept, who gets in."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.base import Api, problem
from tests.services import wait_until
from videoserver.access import keys, throttling
from videoserver.access.models import ApiKey

PATH = "/api/v1/version"


@pytest.fixture(autouse=True)
def small_api(settings):
    """A small API stands in for the real one; its process remembers no calls."""
    settings.ROOT_URLCONF = "tests.web.small_api"
    throttling._blocks.clear()
    throttling._held_up.clear()


def get(text: str):
    """What everybody with a good key may read."""
    return Client().get(PATH, headers={"X-API-Key": text})


def test_a_key_has_its_form_and_notices_a_typing_error():
    new = keys.make()
    assert re.fullmatch(r"sk_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}", new.text)
    assert keys.prefix_of(new.text) == new.prefix
    last = "A" if new.text[-1] != "A" else "B"
    assert keys.prefix_of(new.text[:-1] + last) is None
    assert keys.prefix_of(new.text + "\n") is None


def test_only_the_hash_of_a_key_is_kept(author):
    key, text = ApiKey.objects.issue(author, "client")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM access_apikey")
        kept = str(cursor.fetchall())
    assert key.prefix in kept
    assert text not in kept
    assert text.split("_")[2] not in kept


@pytest.mark.parametrize(
    "headers", [{"X-API-Key": "{}"}, {"Authorization": "Bearer {}"}, {"Authorization": "bearer  {}"}]
)
def test_both_headers_let_a_key_in(author, headers):
    _, text = ApiKey.objects.issue(author)
    response = Client().get(PATH, headers={name: form.format(text) for name, form in headers.items()})
    assert response.status_code == 200


def spoil(how: str, key: ApiKey) -> None:
    match how:
        case "revoked":
            assert key.revoke()
            assert not key.revoke()
        case "expired":
            ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        case "owner inactive":
            key.owner.is_active = False
            key.owner.save()
        case "other secret":
            ApiKey.objects.filter(pk=key.pk).update(hash=keys.make().hash)
        case "unknown":
            ApiKey.objects.all().delete()


@pytest.mark.parametrize("how", ["revoked", "expired", "owner inactive", "other secret", "unknown"])
def test_every_key_that_is_not_good_gets_the_same_answer(author, how):
    key, text = ApiKey.objects.issue(author)
    assert get(text).status_code == 200
    spoil(how, key)
    response = get(text)
    refusal = problem(response, 401, "invalid_api_key")
    assert refusal["detail"] == "Unknown, revoked or expired API key"
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("text", ["", "nonsense", "sk_", "sk_aaaaaaaa_" + "b" * 38, "ключ", "x" * 10_000])
def test_nonsense_gets_it_too(db, text):
    problem(Client().get(PATH, HTTP_X_API_KEY=text), 401, "invalid_api_key")


def test_a_key_in_the_query_is_not_looked_at(author):
    _, text = ApiKey.objects.issue(author)
    problem(Client().get(f"/api/v1/no?api_key={text}"), 404, "not_found")
    assert ApiKey.objects.get().last_used_at is None


def test_its_use_is_noted_once_a_minute(author, django_assert_num_queries):
    key, text = ApiKey.objects.issue(author)
    assert get(text).status_code == 200
    first = ApiKey.objects.get(pk=key.pk).last_used_at
    assert first is not None
    assert get(text).status_code == 200
    assert ApiKey.objects.get(pk=key.pk).last_used_at == first
    with time_machine.travel(first + timedelta(seconds=61), tick=False):
        assert get(text).status_code == 200
    assert ApiKey.objects.get(pk=key.pk).last_used_at > first


def test_scopes_are_known_words(author):
    for wrong in (["all"], ["read", "admin!"]):
        with pytest.raises(ValidationError, match="Unknown scope"):
            ApiKey.objects.issue(author, "x", wrong)


@pytest.mark.parametrize(("rate", "calls"), [("2/min", 2), ("45/hour", 45)])
def test_too_many_calls_get_429_and_when_to_come_back(author, settings, rate, calls):
    settings.API_RATE = rate
    _, text = ApiKey.objects.issue(author)
    _, other = ApiKey.objects.issue(author)
    with time_machine.travel(datetime(2026, 1, 1, 12, 0, 20, tzinfo=UTC), tick=False):
        assert {get(text).status_code for _ in range(calls)} == {200}
        responses = [get(text) for _ in range(2)]
        assert get(other).status_code == 200
    for response in responses:
        problem(response, 429, "throttled")
        assert int(response["Retry-After"]) == {"2/min": 40, "45/hour": 3580}[rate]
    with time_machine.travel(datetime(2026, 1, 1, 13, 0, 0, tzinfo=UTC), tick=False):
        assert get(text).status_code == 200


def test_calls_seldom_write_to_the_shared_count(author, settings, django_assert_max_num_queries):
    settings.API_RATE = "2000/hour"
    _, text = ApiKey.objects.issue(author)
    get(text)
    with django_assert_max_num_queries(50 + 10):  # the look-up of the key itself, and less than one block
        for _ in range(50):
            get(text)


@pytest.fixture
def noon():
    """The beginning of a minute, and then nothing of it passes."""
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with time_machine.travel(moment, tick=False):
        yield moment


def guess(number: int):
    """Another wrong key each time."""
    return get(f"sk_{number:08}_{'x' * 38}")


def test_who_guesses_keys_is_held_up_whatever_they_guess(author, noon):
    assert {guess(number).status_code for number in range(30)} == {401}
    refused = guess(30)
    problem(refused, 429, "throttled")
    assert refused["Retry-After"] == "60"
    _, text = ApiKey.objects.issue(author)
    assert get(text).status_code == 200
    elsewhere = Client(REMOTE_ADDR="192.0.2.7").get(PATH, headers={"X-API-Key": "sk_"})
    problem(elsewhere, 401, "invalid_api_key")
    with time_machine.travel(noon + timedelta(seconds=60), tick=False):
        assert guess(31).status_code == 401


def test_to_be_held_up_costs_the_database_nothing(db, noon, django_assert_num_queries):
    for number in range(31):
        guess(number)
    with django_assert_num_queries(0):
        problem(guess(31), 429, "throttled")


def test_guesses_and_other_cached_things_push_no_callers_count_out(author, settings, noon):
    settings.API_RATE = "40/min"
    _, text = ApiKey.objects.issue(author)
    assert [get(text).status_code for _ in range(41)] == [200] * 40 + [429]
    for number in range(400):
        cache.set(f"picture-{number}", b"x")
        Client(REMOTE_ADDR=f"192.0.2.{number}").get(PATH, headers={"X-API-Key": "sk_"})
    throttling._blocks.clear()  # as in another process, which asks the shared count
    problem(get(text), 429, "throttled")


def test_a_count_lasts_as_long_as_its_period(author, settings, noon):
    settings.API_RATE = "40/hour"
    _, text = ApiKey.objects.issue(author)
    for _ in range(41):
        get(text)
    throttling._blocks.clear()
    with time_machine.travel(noon + timedelta(minutes=30), tick=False):
        problem(get(text), 429, "throttled")


def test_calls_are_counted_in_redis_and_pass_while_it_is_away(author, settings, redis_server):
    counters = {"BACKEND": "videoserver.web.caches.Counters", "LOCATION": redis_server.url}
    settings.CACHES = {**settings.CACHES, "counters": counters}
    settings.API_RATE = "40/hour"
    # Another test of this process may have met it while it was stopped.
    wait_until(lambda: throttling._add("there", 1, 60) is not None, "Redis")
    _, text = ApiKey.objects.issue(author)
    with time_machine.travel(datetime(2026, 1, 1, 12, tzinfo=UTC), tick=False):
        assert [get(text).status_code for _ in range(41)] == [200] * 40 + [429]
        throttling._blocks.clear()  # as in another process, which asks the shared count
        problem(get(text), 429, "throttled")
        throttling._blocks.clear()
        redis_server.stop()
        try:
            assert {get(text).status_code for _ in range(50)} == {200}
            assert {guess(number).status_code for number in range(40)} == {401}
        finally:
            redis_server.ensure()


def test_the_command_prints_the_key_once(author, capsys):
    call_command("create_api_key", "author", "--name", "shop", "--scope", "read", "--scope", "review", "--expires", "7")
    text = capsys.readouterr().out.strip()
    key = ApiKey.objects.get()
    assert (key.owner, key.name, key.scopes) == (author, "shop", ["read", "review"])
    assert timedelta(days=6, hours=23) < key.expires_at - timezone.now() <= timedelta(days=7)
    assert get(text).status_code == 200


def test_the_command_gives_read_and_write_when_nothing_is_said(author, capsys):
    call_command("create_api_key", "author")
    assert ApiKey.objects.get().scopes == ["read", "write"]
    assert capsys.readouterr().out.startswith("sk_")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nobody"], "There is no user 'nobody'"),
        (["author", "--expires", "0"], "--expires must be"),
        (["author", "--scope", "all"], "invalid choice"),
        (["author", "--name", "x" * 101], "at most 100 characters"),
    ],
)
def test_the_command_says_what_is_wrong(author, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("create_api_key", *arguments)
    assert not ApiKey.objects.exists()


def test_api_clients_of_the_suite_have_a_key(author):
    assert Api(author).get(PATH).status_code == 200
