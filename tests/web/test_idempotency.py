"""Idempotency-Key: sent again, answered again, done once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.db.models.functions import Now

from tests.base import Api, problem
from tests.web.small_api import SpeaksForItself, ThingViewSet
from videoserver.web import idempotency
from videoserver.web.models import KeptAnswer

THINGS = "/api/v1/things"
KEY = {"Idempotency-Key": "order-1"}


def test_the_same_request_gets_the_same_answer_and_is_done_once(writer_api):
    first = writer_api.post(THINGS, {"name": "x", "parts": [{"at": 1}]}, headers=KEY)
    same = b'{"parts":[{"at":1.0}],\n "name":"x"}'
    again = writer_api.post(THINGS + "/", same, content_type="application/json", headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first["Content-Type"] == again["Content-Type"]
    assert again["Idempotent-Replayed"] == "true"
    assert not first.has_header("Idempotent-Replayed")
    assert ThingViewSet.calls == ["create"]


def test_without_a_key_it_is_done_again(writer_api):
    assert [writer_api.post(THINGS, {"name": "x"}).status_code for _ in range(2)] == [201, 201]
    assert ThingViewSet.calls == ["create", "create"]


@pytest.mark.parametrize(("path", "body"), [(THINGS, {"name": "y"}), (THINGS, {"name": "x", "a": True}),
                                            (THINGS + "/film", {"name": "x"})])  # fmt: skip
def test_another_request_with_the_key_is_422(writer_api, path, body):
    writer_api.post(THINGS, {"name": "x"}, headers=KEY)
    problem(writer_api.post(path, body, headers=KEY), 422, "idempotency_key_reused")
    assert ThingViewSet.calls == ["create"]


def test_forms_are_the_same_when_fields_and_files_are(writer_api):
    def send(content: bytes, filename: str = "a.png"):
        body = {"name": "x", "file": SimpleUploadedFile(filename, content)}
        return writer_api.post(THINGS, body, format="multipart", headers=KEY)

    first = send(b"picture")
    assert first.status_code == 201
    assert send(b"picture").content == first.content
    problem(send(b"another"), 422, "idempotency_key_reused")
    assert ThingViewSet.calls == ["create"]


def test_keys_belong_to_their_caller(writer_api, operator):
    operator.is_superuser = True
    operator.save()
    assert writer_api.post(THINGS, {"name": "x"}, headers=KEY).status_code == 201
    other = Api(operator).post(THINGS, {"name": "y"}, headers=KEY)
    assert other.status_code == 201
    assert not other.has_header("Idempotent-Replayed")


def test_a_refusal_is_kept_too(writer_api):
    body = {"name": "x", "parts": [{"at": "noon"}]}
    first = writer_api.post(THINGS, body, headers=KEY)
    again = writer_api.post(THINGS, body, headers=KEY)
    assert problem(again, 400, "validation_error") == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert ThingViewSet.calls == []


@pytest.mark.parametrize(("how", "status"), [("domain", 409), ("stale", 412)])
def test_a_refusal_that_may_be_none_a_moment_later_frees_the_key(writer_api, how, status):
    for _ in range(2):
        answer = writer_api.post(f"{THINGS}/fail/{how}", headers=KEY)
        assert answer.status_code == status and not answer.has_header("Idempotent-Replayed")
    assert ThingViewSet.calls == [how, how]
    assert not KeptAnswer.objects.exists()


class Database:
    """While it is `broken`, nothing that is kept for a key can be changed, as when the server restarts."""

    broken = False

    def __call__(self, execute, sql, params, many, context):
        if self.broken and sql.startswith(("UPDATE", "DELETE")) and KeptAnswer._meta.db_table in sql:
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)


@pytest.fixture
def database():
    database = Database()
    with connection.execute_wrapper(database):
        yield database


@pytest.fixture
def timers(monkeypatch):
    """Every timer as (its attempt, its seconds); none goes off by itself."""
    waiting = []
    monkeypatch.setattr(idempotency.Attempt, "_wait", lambda attempt, seconds: waiting.append((attempt, seconds)))
    monkeypatch.setattr(idempotency.connection, "close", lambda: None)  # it is the test's own
    return waiting


def breaks_within(monkeypatch, database, error=None):
    """The database goes away while the request is being done."""
    create = ThingViewSet.perform_create

    def perform_create(view, serializer):
        create(view, serializer)
        database.broken = True
        if error:
            raise error

    monkeypatch.setattr(ThingViewSet, "perform_create", perform_create)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_answer_that_cannot_be_kept_is_given_all_the_same_and_kept_later(writer_api, database, timers, monkeypatch):
    breaks_within(monkeypatch, database)
    first = writer_api.post(THINGS, {"name": "x"}, headers=KEY)
    assert first.status_code == 201
    attempt, seconds = timers.pop()
    assert seconds == idempotency.RETRY
    attempt._again()
    assert timers.pop() == (attempt, idempotency.RETRY)
    database.broken = False
    problem(writer_api.post(THINGS, {"name": "x"}, headers=KEY), 409, "idempotency_key_in_flight")
    attempt._again()
    again = writer_api.post(THINGS, {"name": "x"}, headers=KEY)
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert ThingViewSet.calls == ["create"]
    assert timers == [(attempt, idempotency.RENEWAL)]  # the first one, which was ended by the answer


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_renewal_outlives_a_failing_database(writer_api, writer, database, timers):
    lapsed = {"fingerprint": "", "lease_until": Now(), "created_at": Now()}
    attempt = idempotency.Attempt(KeptAnswer.objects.create(owner=writer, key="order-1", **lapsed))
    assert timers.pop() == (attempt, idempotency.RENEWAL)
    database.broken = True
    attempt._again()
    assert timers.pop() == (attempt, idempotency.RETRY)
    database.broken = False
    attempt._again()
    assert timers.pop() == (attempt, idempotency.RENEWAL)
    assert KeptAnswer.objects.filter(lease_until__gt=Now() + timedelta(seconds=50)).exists()
    attempt.forget()
    attempt._again()
    assert not timers


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_failure_is_told_and_not_that_its_key_could_not_be_freed(writer_api, database, timers, monkeypatch):
    breaks_within(monkeypatch, database, SpeaksForItself())
    problem(writer_api.post(THINGS, {"name": "x"}, headers=KEY), 507, "storage_full")
    assert KeptAnswer.objects.get().status is None


@pytest.mark.parametrize(("how", "status"), [("own", 507), ("unexpected", 500)])
def test_a_failure_of_ours_is_not_kept(writer_api, how, status):
    writer_api.raise_request_exception = False
    for _ in range(2):
        assert writer_api.post(f"{THINGS}/fail/{how}", headers=KEY).status_code == status
    assert ThingViewSet.calls == [how, how]
    assert not KeptAnswer.objects.exists()


def test_who_may_not_call_takes_no_key(author):
    problem(Api(author, "read").post(THINGS, {}, headers=KEY), 403, "scope_missing")
    problem(Api().post(THINGS, {}, headers=KEY), 401, "authentication_required")
    assert not KeptAnswer.objects.exists()


def test_a_request_that_is_still_running_is_409_and_a_dead_ones_key_is_free_after_a_minute(writer_api):
    writer_api.post(THINGS, {"name": "x"}, headers=KEY)
    KeptAnswer.objects.update(status=None)
    running = writer_api.post(THINGS, {"name": "x"}, headers=KEY)
    problem(running, 409, "idempotency_key_in_flight")
    assert running["Retry-After"] == "1"
    KeptAnswer.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert writer_api.post(THINGS, {"name": "x"}, headers=KEY).status_code == 201
    assert ThingViewSet.calls == ["create", "create"]


def test_who_lost_the_key_does_not_overwrite_the_answer_of_who_took_it(writer_api):
    writer_api.post(THINGS, {"name": "x"}, headers=KEY)
    row = KeptAnswer.objects.get()
    loser = idempotency.Attempt(KeptAnswer(pk=row.pk, run="00000000-0000-0000-0000-000000000000"))
    loser.forget()
    assert KeptAnswer.objects.get().status == 201


def test_an_answer_is_kept_for_a_day(writer_api):
    writer_api.post(THINGS, {"name": "x"}, headers=KEY)
    KeptAnswer.objects.update(created_at=Now() - timedelta(hours=23, minutes=59))
    assert writer_api.post(THINGS, {"name": "x"}, headers=KEY).has_header("Idempotent-Replayed")
    KeptAnswer.objects.update(created_at=Now() - timedelta(hours=24, minutes=1))
    assert writer_api.post(THINGS, {"name": "y"}, headers=KEY).status_code == 201
    assert ThingViewSet.calls == ["create", "create"]
    assert KeptAnswer.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "grün"])
def test_a_bad_key_is_400(writer_api, key):
    problem(writer_api.post(THINGS, {}, HTTP_IDEMPOTENCY_KEY=key), 400, "invalid_idempotency_key")


def test_a_stream_is_not_sent_twice_and_not_made_twice(writer_api):
    assert b"".join(writer_api.post(THINGS + "/film", headers=KEY).streaming_content) == b"film"
    problem(writer_api.post(THINGS + "/film", headers=KEY), 409, "answer_not_kept")
    assert ThingViewSet.calls == ["film"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_ten_at_once_are_done_once(writer):
    start = threading.Barrier(10)

    def send(client: Api) -> tuple[int, bytes]:
        start.wait()
        try:
            response = client.post(THINGS, {"name": "x"}, headers=KEY)
            return response.status_code, response.content
        finally:
            connection.close()

    clients = [Api(writer) for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, clients))
    done = {content for status, content in answers if status == 201}
    assert len(done) == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert ThingViewSet.calls == ["create"]
