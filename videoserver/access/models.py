"""API keys: their owner, what they may do, and until when. The key itself is never stored."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from videoserver.access import keys
from videoserver.web.permissions import READ, SCOPES, WRITE

if TYPE_CHECKING:
    from django.contrib.auth.models import User

USE_IS_NOTED_EVERY = timedelta(minutes=1)


def default_scopes() -> list[str]:
    """What a key may do when nobody said."""
    return [READ, WRITE]


def check_scopes(scopes: object) -> None:
    """Refuse what is not a list of known scopes."""
    if not isinstance(scopes, list) or not scopes:
        raise ValidationError("Give at least one scope.")
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise ValidationError(f"Unknown scope {unknown[0]!r}. There are: {', '.join(SCOPES)}.")


class ApiKeyManager(models.Manager["ApiKey"]):
    """Makes keys and finds who sent one."""

    def issue(
        self,
        owner: "User",
        name: str = "",
        scopes: Sequence[str] = (),
        expires_at: datetime | None = None,
    ) -> tuple["ApiKey", str]:
        """A new key and, this one time, its text."""
        new = keys.make()
        key = self.model(owner=owner, name=name, scopes=list(scopes) or default_scopes(), expires_at=expires_at)
        key.prefix, key.hash = new.prefix, new.hash
        key.full_clean()
        key.save()
        return key, new.text

    def usable(self, text: str) -> "ApiKey | None":
        """The key with this text, unless it is unknown, revoked, expired, or its owner may not log in."""
        prefix = keys.prefix_of(text)
        if prefix is None:
            return None
        key = self.select_related("owner").filter(prefix=prefix).first()
        # Compared even when nothing was found, so that time tells nothing.
        right = secrets.compare_digest(keys.digest(text), key.hash if key else "0" * 64)
        return key if key and right and key.is_usable else None


class ApiKey(models.Model):
    """A key to the API."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, blank=True, help_text="Which service uses it.")
    prefix = models.CharField("key", max_length=8, unique=True, editable=False)
    hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=default_scopes, validators=[check_scopes])
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it does not expire.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ApiKeyManager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"sk_{self.prefix}_… {self.name}".strip()

    @property
    def is_usable(self) -> bool:
        """Whether it still opens the door."""
        fresh = self.expires_at is None or self.expires_at > timezone.now()
        return self.revoked_at is None and fresh and self.owner.is_active

    def revoke(self) -> bool:
        """Shut it for good; False when that was done before."""
        now = timezone.now()
        if not ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=now):
            return False
        self.revoked_at = now
        return True

    def note_use(self) -> None:
        """Remember that it was used; written once a minute, so that reads do not become writes."""
        now = timezone.now()
        if self.last_used_at is None or self.last_used_at < now - USE_IS_NOTED_EVERY:
            stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_IS_NOTED_EVERY)
            ApiKey.objects.filter(stale, pk=self.pk).update(last_used_at=now)
