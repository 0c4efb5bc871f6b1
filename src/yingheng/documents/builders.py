"""Which reports there are: each is built by a function of the app that knows the facts, registered when it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yingheng.common.errors import NotFound
from yingheng.documents.report.model import Language, Report
from yingheng.tenancy.models import Organisation


@dataclass(frozen=True)
class Builder:
    """One kind of report.

    `build(hospital, subject id, language)` reads what is stored and gives the report; it raises PlatformError where it
    cannot.  The file is attached to `subject_type` × subject id.
    """

    name: str
    subject_type: str
    build: Callable[[Organisation, str, Language], Report]


_builders: dict[str, Builder] = {}


def report_builder_register(builder: Builder) -> None:
    """Make a kind of report known; a later registration of the same name replaces an earlier one."""
    _builders[builder.name] = builder


def builder_named(name: str) -> Builder:
    """The builder of that name; NotFound when no app registered it."""
    if name not in _builders:
        raise NotFound("documents.report_unknown")
    return _builders[name]
