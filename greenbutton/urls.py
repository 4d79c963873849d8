"""The pages of collected data."""

from django.urls import path

from greenbutton.views import usage

urlpatterns = [
    path("usage/<str:uid>/", usage.show, name="usage"),
    path("usage/<str:uid>/progress/", usage.progress, name="usage-progress"),
    path("usage/<str:uid>/chart/", usage.chart, name="usage-chart"),
]
