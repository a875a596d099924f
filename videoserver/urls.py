"""Every path of the server."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from videoserver import health, metrics
from videoserver.web import handlers
from videoserver.web.routers import route

admin.autodiscover()
urlpatterns = [
    path("admin/", admin.site.urls),
    route("health/live", health.live, name="health-live"),
    route("health/ready", health.ready, name="health-ready"),
    route("health", health.health, name="health"),
    route("metrics", metrics.MetricsView.as_view(), name="metrics"),
    route("api/schema", SpectacularAPIView.as_view(), name="schema"),
    route("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include("media_assets.api.urls")),
    path("api/v1/", include("rendering.api.urls")),
    # The last of the API: without it a wrong path would answer HTML while DEBUG is on.
    re_path(r"^api/", handlers.not_found),
]
handler400 = handlers.bad_request
handler403 = handlers.permission_denied
handler404 = handlers.not_found
handler500 = handlers.server_error
