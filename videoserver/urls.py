"""Every path of the server."""

from django.contrib import admin
from django.urls import path, re_path

from videoserver.web import problems

urlpatterns = [
    path("admin/", admin.site.urls),
    # The last of the API: without it a wrong path would answer HTML while DEBUG is on.
    re_path(r"^api/", problems.not_found),
]
handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.not_found
handler500 = problems.server_error
