"""The pages of consent. One URL a verb (style rule 2)."""

from django.urls import path

from authorizations.views import connect, connections, scope_selection, share

urlpatterns = [
    path("connect/", connect.choose, name="connect"),
    path("connect/callback/<slug:slug>/", connect.callback, name="connect-callback"),
    path("connect/<slug:slug>/", connect.show, name="connect-utility"),
    path("connect/<slug:slug>/preview/", connect.preview, name="connect-preview"),
    path("connect/<slug:slug>/start/", connect.start, name="connect-start"),
    path("connect/<slug:slug>/scope/", scope_selection.show, name="scope-selection"),
    path("connect/<slug:slug>/scope/start/", scope_selection.start, name="scope-selection-start"),
    path("share/<slug:code>/", share.show, name="share"),
    path("share/<slug:code>/choose/", share.choose, name="share-choose"),
    path("share/<slug:code>/start/", share.start, name="share-start"),
    path("connections/", connections.index, name="connections"),
    path("connections/<slug:uid>/consent/", connections.consent, name="consent"),
    path("connections/<slug:uid>/consent.json", connections.consent_json, name="consent-json"),
    path("connections/<slug:uid>/return/", connections.handed_back, name="connection-return"),
    path("connections/<slug:uid>/stopped/", connections.stopped, name="stopped"),
]
