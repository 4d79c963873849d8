"""The pages of consent. One URL a verb (style rule 2)."""

from django.urls import path

from authorizations.views import (
    account,
    coming_back,
    connect,
    connections,
    notify,
    scope_selection,
    share,
    signing_in,
)

urlpatterns = [
    path("connect/", connect.choose, name="connect"),
    path("connect/callback/<slug:slug>/", connect.callback, name="connect-callback"),
    path("connect/<slug:slug>/", connect.show, name="connect-utility"),
    path("connect/<slug:slug>/preview/", connect.preview, name="connect-preview"),
    path("connect/<slug:slug>/start/", connect.start, name="connect-start"),
    path("espi/<slug:slug>/notify/", notify.notify, name="notify"),
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
    path("connections/<slug:uid>/come-back/", coming_back.show, name="come-back"),
    path("connections/<slug:uid>/come-back/give/", coming_back.give, name="give-email"),
    path("connections/<slug:uid>/come-back/confirm/", coming_back.confirm, name="confirm-email"),
    path("connections/<slug:uid>/claim/", coming_back.claim, name="claim"),
    path("account/", account.show, name="account"),
    path("account/sign-in/", signing_in.show, name="sign-in"),
    path("account/sign-in/send/", signing_in.send, name="sign-in-send"),
    path("account/code/", signing_in.code, name="code"),
    path("account/code/again/", signing_in.again, name="code-again"),
    path("account/code/prove/", signing_in.prove, name="code-prove"),
    path("account/sign-out/", signing_in.sign_out, name="sign-out"),
    path("account/address/", account.address, name="account-address"),
    path("account/address/send/", account.send_to_address, name="account-address-send"),
    path("account/end/", account.end, name="account-end"),
    path("account/end/stop/", account.stop_and_delete, name="account-end-stop"),
    path("account/end/keep/", account.keep_and_delete, name="account-end-keep"),
]
