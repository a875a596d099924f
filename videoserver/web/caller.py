"""Who calls, as far as limits go: each key for itself, each user of a session, and else the address."""

from rest_framework.request import Request


def caller_of(request: Request) -> str:
    """A name under which this caller's calls and seats are counted."""
    if prefix := getattr(request.auth, "prefix", None):
        return f"key:{prefix}"
    if request.user and request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"address:{request.META.get('REMOTE_ADDR', '')}"
