"""The Django app."""

from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "videoserver.work"
    label = "work"
