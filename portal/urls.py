"""The portal's addresses. One URL a verb (style rule 2)."""

from django.contrib import admin
from django.urls import include, path

from portal.views import home

urlpatterns = [
    path("", home.home, name="home"),
    path("health/", home.health, name="health"),
    path("demo/", include("portal.demo_site.urls")),
    path("", include("authorizations.urls")),
    path("", include("greenbutton.urls")),
    path("accounts/", include("allauth.urls")),
    path("staff/", admin.site.urls),
]
