"""The Django app."""

from django.apps import AppConfig


class RenderingConfig(AppConfig):
    name = "rendering"
    label = "rendering"
    verbose_name = "Rendering"
