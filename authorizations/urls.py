"""The pages of consent. One URL a verb (style rule 2)."""

from django.urls import path

from authorizations.views import connect, connections, notify, share

urlpatterns = [
    path("connect/", connect.choose, name="connect"),
    path("connect/callback/<slug:slug>/", connect.callback, name="connect-callback"),
    path("connect/<slug:slug>/", connect.show, name="connect-utility"),
    path("connect/<slug:slug>/preview/", connect.preview, name="connect-preview"),
    path("connect/<slug:slug>/start/", connect.start, name="connect-start"),
    path("espi/<slug:slug>/notify/", notify.notify, name="notify"),
    path("share/<slug:code>/", share.show, name="share"),
    path("share/<slug:code>/start/", share.start, name="share-start"),
    path("connections/", connections.index, name="connections"),
    path("connections/<slug:uid>/stopped/", connections.stopped, name="stopped"),
]
