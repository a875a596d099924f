"""The Django app."""

from django.apps import AppConfig


class VideoserverConfig(AppConfig):
    name = "videoserver"
    label = "videoserver"
