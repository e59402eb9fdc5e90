"""Addresses below /log/ (C2SP tlog-tiles)."""

from django.urls import path

from rakkan.verification import log_views

urlpatterns = [
    path("checkpoint", log_views.checkpoint, name="log-checkpoint"),
    path("tile/<path:name>", log_views.tile, name="log-tile"),
]
