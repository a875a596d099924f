"""JSON bodies, bounded in size and depth, that every database of ours can store and every client can read back."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from videoserver.web import plain_json
from videoserver.web.problems import DomainError

MAX_BYTES = 4 * 1024**2


class BodyTooLarge(DomainError):
    """The JSON body is too large."""

    code = "too_large"
    status = 413
    default_detail = f"A JSON body may have at most {MAX_BYTES // 1024**2} MiB."


class BoundedJSON(BaseParser):
    """`application/json`."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise BodyTooLarge
        try:
            return plain_json.loads(raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not UTF-8: {error}") from None
        except plain_json.NotPlain as error:
            raise ParseError(f"The body cannot be read. {error}") from None
