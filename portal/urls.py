"""The portal's addresses. One URL a verb (style rule 2)."""

from django.contrib import admin
from django.urls import include, path

from portal.views import demo_site, home

urlpatterns = [
    path("", home.home, name="home"),
    path("health/", home.health, name="health"),
    path("demo/", demo_site.show, name="demo-site"),
    path("demo/callback/", demo_site.callback, name="demo-callback"),
    path("", include("authorizations.urls")),
    path("", include("greenbutton.urls")),
    path("accounts/", include("allauth.urls")),
    path("staff/", admin.site.urls),
]
