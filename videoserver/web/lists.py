"""Lists in a body, counted before anything in them is looked at."""

from typing import Any

from rest_framework import serializers


class ShortList(serializers.ListField):
    """A list of at most `max_length` items. DRF's own checks each item first: a million wrong ones take minutes."""

    def __init__(self, *, max_length: int, **options: Any) -> None:
        self.most = max_length
        super().__init__(max_length=max_length, **options)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list) and len(data) > self.most:
            raise serializers.ValidationError(
                f"This may have at most {self.most} items, but has {len(data)}.", code="max_length"
            )
        return super().to_internal_value(data)
