"""The pages of collected data."""

from django.urls import path

from greenbutton.views import meters, quality, stop, upload, usage

urlpatterns = [
    path("connections/<slug:uid>/disconnect/", stop.disconnect, name="disconnect"),
    path("upload/", upload.show, name="upload"),
    path("upload/send/", upload.send, name="upload-send"),
    path("upload/<slug:uid>/", upload.show_more, name="upload-more"),
    path("upload/<slug:uid>/send/", upload.send_more, name="upload-more-send"),
    path("upload/<slug:uid>/time-zone/", upload.time_zone, name="upload-time-zone"),
    path("usage/<slug:uid>/", usage.show, name="usage"),
    path("usage/<slug:uid>/progress/", usage.progress, name="usage-progress"),
    path("usage/<slug:uid>/chart/", usage.chart, name="usage-chart"),
    path("usage/<slug:uid>/quality/", quality.show, name="usage-quality"),
    path("usage/<slug:uid>/meters/<slug:meter>/", meters.ask, name="stop-meter-ask"),
    path("usage/<slug:uid>/meters/<slug:meter>/stop/", meters.stop, name="stop-meter"),
]
