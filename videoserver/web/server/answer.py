"""gunicorn's writer of answers, which says what is long, and sends files from the kernel."""

from __future__ import annotations

from typing import Any

from gunicorn.http.wsgi import FileWrapper, Response

from videoserver.web.server.limits import LARGE_ANSWER


class Answer(Response):  # type: ignore[misc]
    """The answer to one request."""

    @property
    def is_transfer(self) -> bool:
        """Whether it may take long to send, as far as its headers tell."""
        if self._omits_body:
            return False
        return self.response_length is None or self.response_length > LARGE_ANSWER

    def is_whole(self, content: Any) -> bool:
        """Whether it lies in memory, and is not made or read while it is sent."""
        return self.response_length is not None and getattr(content, "streaming", True) is False

    def send(self, content: Any) -> None:
        """Write what the application returned."""
        if isinstance(content, FileWrapper):
            self.write_file(content)
            if delivered := getattr(content.filelike, "delivered", None):
                delivered()
        else:
            for chunk in content:
                self.write(chunk)
        self.close()
