"""The OpenAPI document of the whole API."""

import pytest
from django.test import Client


@pytest.fixture
def document(db, small_api, settings):
    """The document, as JSON."""
    settings.ROOT_URLCONF = "videoserver.urls"
    return Client().get("/api/schema?format=json").json()


def test_it_names_the_ways_to_log_in(document):
    schemes = document["components"]["securitySchemes"] if document["paths"] else {}
    assert {scheme["type"] for scheme in schemes.values()} <= {"apiKey", "http"}
    assert document["info"]["title"] == "videoserver"


def test_every_operation_answers_problems(document):
    assert document["components"]["schemas"]["Problem"]["properties"]["errors"]
    for operations in document["paths"].values():
        for method, operation in operations.items():
            if method in ("get", "post", "put", "patch", "delete"):
                assert "application/problem+json" in operation["responses"]["401"]["content"]


def test_the_docs_load_nothing_from_elsewhere(db, settings):
    settings.ROOT_URLCONF = "videoserver.urls"
    page = Client().get("/api/docs/").content.decode()
    assert "swagger-ui" in page
    assert "https://cdn" not in page
    assert "unpkg" not in page
