"""The demo site's addresses, below /demo/. One URL a verb (style rule 2)."""

from django.urls import path

from portal.demo_site.views import explorer, flow, notices, start

urlpatterns = [
    path("", start.show, name="demo-site"),
    path("start/", start.begin, name="demo-start"),
    path("callback/", flow.callback, name="demo-callback"),
    path("notify/<slug:code>/", notices.receive, name="demo-notify"),
    path("visits/<slug:uid>/", flow.show, name="demo-visit"),
    path("visits/<slug:uid>/notices/", notices.show, name="demo-notices"),
    path("visits/<slug:uid>/ask/", flow.ask, name="demo-ask"),
    path("visits/<slug:uid>/trade/", flow.trade, name="demo-trade"),
    path("visits/<slug:uid>/refresh/", flow.refresh, name="demo-refresh"),
    path("visits/<slug:uid>/client-token/", flow.client_token, name="demo-client-token"),
    path("visits/<slug:uid>/revoke/", flow.revoke, name="demo-revoke"),
    path("visits/<slug:uid>/forget/", flow.forget, name="demo-forget"),
    path("visits/<slug:uid>/read/", explorer.read, name="demo-read"),
    path("visits/<slug:uid>/talks/<int:number>/", explorer.talk, name="demo-talk"),
    # Last: a client's id stands where the names above do.
    path("<slug:client_id>/", start.ready_made, name="demo-ready-made"),
    path("<slug:client_id>/start/", start.begin_ready_made, name="demo-start-ready-made"),
    path("<slug:client_id>/notify/", notices.receive_public, name="demo-notify-public"),
]
