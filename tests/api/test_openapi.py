"""The OpenAPI document: valid, without a warning, and useful where bodies are documents."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.renderers import JSONRenderer

from tests.base import Api


@pytest.mark.django_db
def test_it_is_valid_and_complete(tmp_path: Any) -> None:
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"), stderr=StringIO()
    )


@pytest.mark.django_db
def test_a_storyboards_body_is_described_by_what_checks_it() -> None:
    schema: dict[str, Any] = Api().get("/api/schema/", headers={"Accept": "application/json"}).json()
    body = schema["paths"]["/api/v1/storyboards"]["post"]["requestBody"]["content"][JSONRenderer.media_type]["schema"]
    assert body["required"] == ["title", "scenes"]
    assert body["properties"]["fps"]["maximum"] == 60
    assert body["properties"]["scenes"]["items"]["properties"]["transition"]["properties"]["kind"]["enum"]
    job = schema["components"]["schemas"]["Job"]["properties"]
    assert job["progress"]["properties"]["fraction"]["maximum"] == 1
    assert set(job["urls"]["properties"]) >= {"self", "cancel", "retry", "events", "result"}
