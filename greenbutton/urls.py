"""The pages of collected data."""

from django.urls import path

from greenbutton.views import usage

urlpatterns = [
    path("usage/<slug:uid>/", usage.show, name="usage"),
    path("usage/<slug:uid>/progress/", usage.progress, name="usage-progress"),
    path("usage/<slug:uid>/chart/", usage.chart, name="usage-chart"),
]
