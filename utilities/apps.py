"""Power companies, and how to talk to them."""

from django.apps import AppConfig


class UtilitiesConfig(AppConfig):
    name = "utilities"
