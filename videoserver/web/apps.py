"""The Django app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "videoserver.web"
    label = "web"
