"""The base of every admin page, and the pages of users and groups."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm


class BaseAdmin(ModelAdmin):  # type: ignore[misc]
    """What all our pages have in common: no count of whole tables, a question before unsaved work is lost."""

    list_per_page = 50
    show_full_result_count = False
    warn_unsaved_form = True
    list_filter_submit = True
    compressed_fields = True


class BaseTabular(TabularInline):  # type: ignore[misc]
    """Rows inside of a page, as a table."""

    extra = 0


class BaseStacked(StackedInline):  # type: ignore[misc]
    """Rows inside of a page, one below the other."""

    extra = 0


class ReadOnlyAdmin(BaseAdmin):
    """For rows that only the machinery writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# A schedule of django-q2 runs any function, and its tasks can be sent again by who may only look: neither is shown.
for model in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(model):
        admin.site.unregister(model)
admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(DjangoUserAdmin, BaseAdmin):  # type: ignore[type-arg]
    """People."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "is_staff", "is_active", "last_login"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser gives permissions: who could give them to others could take them."""
        fields = super().get_readonly_fields(request, obj)
        return (
            fields if request.user.is_superuser else [*fields, "is_superuser", "is_staff", "user_permissions", "groups"]
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor does anybody else change a superuser, whose password would open everything."""
        allowed = bool(super().has_change_permission(request, obj))
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, BaseAdmin):
    """The groups author, reviewer and operator, and those that people add."""
