"""The Django app."""

from importlib import import_module

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "videoserver.access"
    label = "access"
    verbose_name = "Access"

    def ready(self) -> None:
        import_module("videoserver.access.schema")  # drf-spectacular finds extensions once they are imported
