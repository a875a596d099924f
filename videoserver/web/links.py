"""Absolute links to this server."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest) -> str:
    """This request's own address, as people reach it: below `PUBLIC_URL` where it was set, else at the host that the
    request names, which `ALLOWED_HOSTS` has."""
    if not settings.PUBLIC_URL_IS_SET:
        return request.build_absolute_uri()
    public = urlsplit(settings.PUBLIC_URL)
    return f"{public.scheme}://{public.netloc}{request.get_full_path()}"
