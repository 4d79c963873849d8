"""Energy data: collecting, storing and showing it."""

from django.apps import AppConfig


class GreenbuttonConfig(AppConfig):
    name = "greenbutton"
    verbose_name = "Energy data"
