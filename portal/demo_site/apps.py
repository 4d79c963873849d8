from django.apps import AppConfig


class DemoSiteConfig(AppConfig):
    name = "portal.demo_site"
    label = "demo_site"
    verbose_name = "Demo site"
