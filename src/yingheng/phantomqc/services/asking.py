"""Tests and their parameters as people give them: checked before anything is analysed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imagingqc.errors import AnalysisError
from imagingqc.phantom.model import Parameter, PhantomTest
from imagingqc.phantom.registry import test_named
from yingheng.common.errors import Invalid


def analysis_or_invalid(name: str) -> PhantomTest:
    """The analysis called `name`; Invalid when there is none."""
    try:
        return test_named(name)
    except AnalysisError as exc:
        raise Invalid("phantomqc.analysis_unknown", test=name) from exc


def parameters_clean(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as plain JSON, empty ones left out; Invalid for unknown ones and for what is no number."""
    known = {p.key: p for p in analysis_or_invalid(name).parameters}
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            raise Invalid("phantomqc.parameter_unknown", parameter=key)
        clean = _clean(known[key], value)
        if clean is not None:
            found[key] = clean
    return found


def _clean(parameter: Parameter, value: Any) -> Any:
    if value in (None, "", []):
        return None
    try:
        if parameter.kind == "numbers":
            parts = value.replace("，", ",").split(",") if isinstance(value, str) else value
            return [float(part) for part in parts]
        if parameter.kind == "flag":
            return bool(value)
        if parameter.kind == "integer":
            return int(value)
        if parameter.kind == "number":
            return float(value)
    except (TypeError, ValueError) as exc:
        raise Invalid("phantomqc.parameter_bad", parameter=parameter.key) from exc
    if parameter.kind == "choice" and value not in parameter.choices:
        raise Invalid("phantomqc.parameter_bad", parameter=parameter.key)
    return str(value)


def parameters_given(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Stored parameters as an analysis takes them: lists are tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()}
