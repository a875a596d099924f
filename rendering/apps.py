"""The Django app."""

from importlib import import_module

from django.apps import AppConfig


class RenderingConfig(AppConfig):
    name = "rendering"
    label = "rendering"
    verbose_name = "Rendering"

    def ready(self) -> None:
        import_module("rendering.checks")  # registers them
