"""The Django app."""

from django.apps import AppConfig


class MediaAssetsConfig(AppConfig):
    name = "media_assets"
    label = "media_assets"
    verbose_name = "Library"
