"""Who may do what: a key's scopes, Django's model permissions, and whose thing it is."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from videoserver.web.problems import DomainError

READ, WRITE, REVIEW, ADMIN = "read", "write", "review", "admin"
SCOPES = (READ, WRITE, REVIEW, ADMIN)
VERBS = {"create": "add", "update": "change", "partial_update": "change", "destroy": "delete"}
M = TypeVar("M", bound=Model)


class ScopeMissing(DomainError):
    """The key lacks the scope that this needs."""

    code = "scope_missing"
    status = 403


class IsCaller(BasePermission):
    """Somebody is logged in, or sent a good key."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated)


class HasScope(BasePermission):
    """A key needs `read` to read and `write` to write, or the scope that the view's `scopes` names for the action."""

    def has_permission(self, request: Request, view: Any) -> bool:
        default = READ if request.method in SAFE_METHODS else WRITE
        if handles(view, request):
            require_scope(request, getattr(view, "scopes", {}).get(action_of(view, request), default))
        return True


class HasModelPermission(BasePermission):
    """Their own things people may make and change without more; the things of others need Django's own permission.

    A view's `permissions` names what an action needs whoever owns the thing ("" for nothing).
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not handles(view, request):
            return True  # so that the answer is 405
        named = getattr(view, "permissions", {}).get(action_of(view, request), "")
        return not named or bool(request.user.has_perm(named))

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        action = action_of(view, request)
        if request.method in SAFE_METHODS or action in getattr(view, "permissions", {}):
            return True
        if owner_of(obj, getattr(view, "owner", "owner")) == request.user:
            return True
        meta = obj._meta
        return bool(request.user.has_perm(f"{meta.app_label}.{VERBS.get(action, 'change')}_{meta.model_name}"))


def require_scope(request: Request, needed: str) -> None:
    """Raise ScopeMissing when the caller's key lacks it. A session has no scopes: it may do what its user may."""
    held = getattr(request.auth, "scopes", None)
    if held is not None and needed not in held:
        raise ScopeMissing(f"This needs an API key with the scope {needed}.")


def owner_of(thing: Any, path: str) -> Any:
    """Whose thing it is; `path` is the view's `owner`, as a query would follow it."""
    for step in filter(None, path.split("__")):
        thing = getattr(thing, step)
    return thing


def action_of(view: Any, request: Request) -> str:
    """The name under which `scopes` and `permissions` know it: a view set's action, else the method in lower case."""
    return getattr(view, "action", None) or str(request.method).lower()


def handles(view: Any, request: Request) -> bool:
    """Whether the view has this method at all."""
    return hasattr(view, str(request.method).lower())


def owned(queryset: QuerySet[M], user: Any, owner: str = "owner") -> QuerySet[M]:
    """What of a queryset `user` may see: their own things; staff see all. `owner` is the path to the owner."""
    if not getattr(user, "is_authenticated", False):
        return queryset.none()
    if user.is_staff:
        return queryset
    return queryset.filter(**{owner: user})
