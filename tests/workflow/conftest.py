"""The same ingredients as the API's tests."""

from tests.api.conftest import approved, board, document, foreign_picture, picture, submitted

__all__ = ["approved", "board", "document", "foreign_picture", "picture", "submitted"]
