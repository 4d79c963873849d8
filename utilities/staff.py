"""What the staff pages of every app share: badges, read-only pages, and buttons that ask why.

It lies in the lowest app, so that the admin of each app above may use it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ClassVar, Literal

from django import forms
from django.contrib import messages
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Model, URLField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError

Colour = Literal["success", "warning", "danger", "info", "neutral"]
Verb = Callable[..., str]

# Between what was done and the reason, in a row's history.
WHY = " Why: "


def badge(text: str, colour: Colour = "neutral") -> SafeString:
    """A small coloured word; the word alone says it all."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def copyable(text: str) -> SafeString:
    """A text to hand on, with a button that copies it."""
    return render_to_string("admin/_copyable.html", {"text": text})


def sentences(lines: Sequence[str]) -> SafeString:
    """Several sentences, a line each."""
    return render_to_string("admin/_sentences.html", {"lines": lines})


def scope_in_words(text: str, *, granted: bool = False) -> SafeString:
    """What a scope means; for one that cannot be read, what is wrong with it."""
    try:
        return sentences(espi_scope.parse(text).describe(granted=granted))
    except ScopeError as e:
        return format_html('<p class="text-red-700 dark:text-red-400">{}</p>', str(e))


def signed_in(request: HttpRequest) -> User:
    """Who of the staff asks; admin pages let nobody else through."""
    assert isinstance(request.user, User)
    return request.user


class WhyForm(BaseDialogForm):
    """The question that stands before each thing that staff do to somebody's data."""

    why = forms.CharField(
        label="Why?",
        max_length=300,
        help_text="Kept with your name in the history.",
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "autocomplete": "off"}),
    )


class StaffAdmin(ModelAdmin):
    """Rows have no delete button: a thing is retired, disabled, stopped or archived instead."""

    compressed_fields = True
    list_filter_submit = False
    list_fullwidth = True
    # What an empty list says: why it is empty, and what would fill it.
    nothing_yet: ClassVar[str]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One way to save is enough."""
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Rows are made and changed on their own pages, not from inside another one's."""
        if isinstance(db_field, URLField):
            kwargs.setdefault("assume_scheme", "https")
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.ModelChoiceField) and hasattr(field.widget, "can_add_related"):
            field.widget.can_add_related = field.widget.can_change_related = False
            field.widget.can_view_related = False
        return field

    def has_act_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether the row's buttons are for who asks: whoever may change such rows."""
        right = get_permission_codename("change", self.opts)
        return signed_in(request).has_perm(f"{self.opts.app_label}.{right}")

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Only the buttons that mean something for this row as it is."""
        row = self.get_object(request, object_id)
        allowed = super().get_actions_detail(request, object_id)
        return [one for one in allowed if row is not None and one.method.offered(row)]


def more(*names: str) -> dict[str, Any]:
    """Buttons that are seldom wanted, behind one that shows them: their row has to fit a window."""
    return {"title": "More", "icon": "more_vert", "items": list(names)}


class ReadOnlyAdmin(StaffAdmin):
    """What machines write and staff only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows that hang on another one, to read."""

    extra = 0
    can_delete = False
    hide_title = True
    show_change_link: ClassVar[bool] = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def staff_action(
    label: str,
    question: str,
    *,
    icon: str,
    variant: ActionVariant = ActionVariant.DEFAULT,
    offered: Callable[[Any], bool] = lambda row: True,
    form_class: type[WhyForm] = WhyForm,
) -> Callable[[Verb], Any]:
    """Make a method `(self, request, row, why) -> what was done` a button on the row's page.

    The button asks why, acts on POST only and leaves a line in the row's history. What the model
    refuses with a ValidationError is shown in the model's words. What a form of its own asks
    besides is given to the method by name.
    """

    def decorator(verb: Verb) -> Any:
        @action(  # type: ignore[untyped-decorator]
            description=label,
            permissions=["act"],
            url_path=verb.__name__.replace("_", "-"),
            icon=icon,
            variant=variant,
            dialog={
                "title": label,
                "description": question,
                "form_class": form_class,
                "form_submit_text": label,
            },
        )
        @wraps(verb)
        def act(admin: Any, request: HttpRequest, form: WhyForm, object_id: str) -> HttpResponse:
            row = admin.get_object(request, object_id)
            if row is None:
                raise Http404
            # unfold's forms have a hidden field of their own, `_form_submitted`.
            answers = {key: said for key, said in form.cleaned_data.items() if key[0] != "_"}
            _do(verb, admin, request, row, answers, offered)
            return _back_to(admin, request, row)

        act.offered = offered
        return act

    return decorator


def _do(
    verb: Verb,
    admin: Any,
    request: HttpRequest,
    row: Model,
    answers: dict[str, str],
    offered: Callable[[Any], bool],
) -> None:
    if not offered(row):
        messages.error(request, "Nothing was done: this page had changed. Here it is as it is now.")
        return
    try:
        said = verb(admin, request, row, **answers)
    except ValidationError as e:
        messages.error(request, " ".join(e.messages))
    else:
        admin.log_change(request, row, f"{said}{WHY}{answers['why']}")
        messages.success(request, said)


def _back_to(admin: Any, request: HttpRequest, row: Model) -> HttpResponse:
    is_there = type(row)._default_manager.filter(pk=row.pk).exists()
    url = page_of(row) if is_there else list_of(row)
    # The dialog posts through htmx, which would put the answer to a redirect into the dialog.
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def link_to(row: Model, text: str) -> SafeString:
    """A link to the row's own staff page."""
    link = '<a class="text-primary-600 underline" href="{}">{}</a>'
    return format_html(link, page_of(row), text)


def list_of(row: Model) -> str:
    """The address of the staff list that the row is in."""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")


def page_of(row: Model) -> str:
    """The address of the row's own staff page."""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
