"""Read forms into typed models; keep what was typed and show each error at its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import pydantic
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from doorstep.kernel import errors
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark

_SENTENCES = {
    "missing": mark("Fill in this field."),
    "int_parsing": mark("Enter a whole number, digits only."),
    "int_from_float": mark("Enter a whole number, digits only."),
    "decimal_parsing": mark("Enter a number."),
    "float_parsing": mark("Enter a number."),
    "date_from_datetime_parsing": mark("Enter a date."),
    "date_parsing": mark("Enter a date."),
    "datetime_from_date_parsing": mark("Enter a date and time."),
    "datetime_parsing": mark("Enter a date and time."),
    "enum": mark("Choose one of the options."),
    "greater_than_equal": mark("Enter {ge} or more."),
    "less_than_equal": mark("Enter {le} or less."),
    "string_too_long": mark("Shorten this to {max_length} characters."),
    "string_too_short": mark("Enter at least {min_length} characters."),
}


class WrongFields(errors.Invalid):
    """Several fields of a form are wrong; `fields` says what to do for each."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(next(iter(fields.values())))
        self.fields = dict(fields)


def required(
    message: str, *, max_length: int | None = None, ge: int | None = None, le: int | None = None
) -> FieldInfo:
    """A field that must be filled in, with the sentence for when it is not; stands in an Annotated type."""
    field: FieldInfo = pydantic.Field(
        json_schema_extra={"missing": message}, max_length=max_length, ge=ge, le=le
    )
    return field


class Form(pydantic.BaseModel):
    """The fields of a form; a blank field counts as left out."""

    model_config = pydantic.ConfigDict(extra="ignore", str_strip_whitespace=True, frozen=True)

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """The form as it was sent; raises WrongFields."""
        filled = {name: value for name, value in values.items() if value.strip()}
        try:
            return cls.model_validate(filled)
        except pydantic.ValidationError as wrong:
            raise WrongFields({str(each["loc"][0]): cls._sentence(each) for each in wrong.errors()}) from None

    @classmethod
    def _sentence(cls, wrong: ErrorDetails) -> str:
        """What to do about one error."""
        kind = wrong["type"]
        extra = cls.model_fields[str(wrong["loc"][0])].json_schema_extra
        if kind in {"missing", "enum"} and isinstance(extra, dict) and extra.get("missing"):
            return _(str(extra["missing"]))
        sentence = _SENTENCES.get(kind)
        limits = {
            name: f"{value:g}" if isinstance(value, float) else value
            for name, value in wrong.get("ctx", {}).items()
        }
        return _(sentence).format(**limits) if sentence else wrong["msg"]


@dataclass(slots=True)
class FormState:
    """A form as a page shows it: empty, or as it was sent together with what was wrong."""

    action: str
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    is_failed: bool = False
    is_shown: bool = False
    _shown: set[str] = field(default_factory=set)

    def value(self, name: str, default: object = "") -> str:
        """What was typed, else the default."""
        if self.is_failed:
            return self.values.get(name, "")
        return "" if default is None else str(default)

    def chosen(self, name: str, value: object, default: object = "") -> bool:
        """Whether an option, radio button or tick box is chosen."""
        return self.value(name, default) == str(value)

    def error(self, name: str) -> str:
        """What is wrong with a field, empty if nothing."""
        self._shown.add(name)
        return self.errors.get(name, "")

    def rest(self) -> list[str]:
        """Errors that no field has shown; they stand above the form."""
        self.is_shown = True
        return [text for name, text in self.errors.items() if name not in self._shown]


def failed(action: str, values: Mapping[str, str], problem: errors.DoorstepError) -> FormState:
    """The state of a form that was refused."""
    if isinstance(problem, WrongFields):
        return FormState(action, values, problem.fields, is_failed=True)
    name = problem.data.get("field", "") if isinstance(problem, errors.Invalid) else ""
    return FormState(action, values, {str(name): problem.message}, is_failed=True)
