"""What a test of the connection looks at: the phone number, and each template that a message uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doorstep.adapters.messengers.whatsapp import wire
from doorstep.domain.connections.model import CheckFinding
from doorstep.kernel.message import Listed, Message

_APPROVED = "APPROVED"
_LOW = "RED"


def findings(
    phone: wire.PhoneNumber, templates: Sequence[wire.Template], calls: Mapping[str, wire.TemplateCall]
) -> list[CheckFinding]:
    """One finding for the number, and one for each message."""
    found = [_number(phone)]
    if not calls:
        none = Message(
            "No message has a template: nothing is sent. Enter the name of a template for at least one."
        )
        found.append(CheckFinding(Message("Templates"), is_ok=False, message=none))
    return [*found, *(_template(message, call, templates) for message, call in calls.items())]


def _number(phone: wire.PhoneNumber) -> CheckFinding:
    values = {"number": phone.display_phone_number, "name": phone.verified_name}
    if phone.quality_rating == _LOW:
        low = Message("%(name)s, %(number)s: Meta rates its quality low and may limit it.", **values)
        return CheckFinding(Message("Phone number"), is_ok=False, message=low)
    return CheckFinding(
        Message("Phone number"), is_ok=True, message=Message("%(name)s, %(number)s", **values)
    )


def _template(message: str, call: wire.TemplateCall, templates: Sequence[wire.Template]) -> CheckFinding:
    name = Message("Template of %(message)s", message=message.replace("_", " "))
    problem = _problem(call, [each for each in templates if each.name == call.name])
    good = Message("%(template)s in %(language)s is approved.", template=call.name, language=call.language)
    return CheckFinding(name, is_ok=problem is None, message=problem or good)


def _problem(call: wire.TemplateCall, known: Sequence[wire.Template]) -> Message | None:
    """Why this template cannot be sent, and what to do."""
    if not known:
        return Message(
            "Meta knows no template %(template)s: create it, or correct the name.", template=call.name
        )
    languages = tuple(sorted(each.language for each in known))
    found = next((each for each in known if each.language == call.language), None)
    if found is None:
        return Message(
            "%(template)s does not exist in %(language)s, only in %(languages)s.",
            template=call.name,
            language=call.language,
            languages=Listed(languages),
        )
    if found.status != _APPROVED:
        return Message(
            "%(template)s in %(language)s is %(status)s at Meta: only approved templates are sent.",
            template=call.name,
            language=call.language,
            status=found.status.lower(),
        )
    return _variables(call, found)


def _variables(call: wire.TemplateCall, found: wire.Template) -> Message | None:
    """Whether the connection fills exactly what the template has."""
    if call.is_named is not (found.parameter_format == "NAMED"):
        return Message(
            "%(template)s has %(format)s parameters: change the setting Parameters.",
            template=call.name,
            format=found.parameter_format.lower(),
        )
    fits = (
        set(call.variables) == set(found.marks) if call.is_named else len(call.variables) == len(found.marks)
    )
    if fits:
        return None
    return Message(
        "%(template)s has the variables %(theirs)s, the connection fills %(ours)s.",
        template=call.name,
        theirs=Listed(found.marks or ("-",)),
        ours=Listed(call.variables or ("-",)),
    )
