"""The Django app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "videoserver.access"
    label = "access"
