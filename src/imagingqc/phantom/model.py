"""What a performance test takes, what it gives, and how it says that it will not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from imagingqc.criteria.model import Verdict
from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError, Reason
from imagingqc.phantom.frames import Frames
from imagingqc.quantity import Evidence, Measurement, Recorder, Value, reason_sentence

Curve: TypeAlias = Mapping[str, Any]
"""One curve to draw: {"key", "x", "y", "x_unit", "y_unit"}; x and y are lists of numbers of one length."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something the images cannot say and a person may: the nominal thickness, the kerma of each exposure.

    `kind` "numbers" is a list.  Without a default the parameter may be left out only where the test can do without:
    what needs it is then not measured, with that as its reason.  `pick` says that it is a choice made by hand in the
    images, and of what (`imagingqc.phantom.hand`); "number" is such a choice that is typed.
    """

    key: str
    zh: str
    en: str
    unit: str = "1"
    kind: Literal["number", "integer", "text", "choice", "numbers", "flag"] = "number"
    default: Value | None = None
    choices: tuple[str, ...] = ()
    pick: Literal["", "number", "image", "circle", "rect"] = ""


@dataclass(frozen=True, slots=True)
class PhantomInput:
    """The images of one performance test.

    `stacks` are those of all series given, in an order that does not depend on the order of files; volumes are
    ordered along their normal.  `frames` decodes.  `parameters` holds a value for every parameter that has one,
    given or by default.
    """

    stacks: tuple[Stack, ...]
    frames: Frames
    parameters: Mapping[str, Value] = field(default_factory=dict)

    def number(self, key: str) -> float | None:
        """A parameter as a number; None when nobody gave it; AnalysisError `parameter_bad` when it is none."""
        value = self.parameters.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise AnalysisError("parameter_bad", parameter=key, value=str(value))
        return float(value)


@dataclass(frozen=True, slots=True)
class PhantomFound:
    """What a test found in the pixels.

    `phantom` is the key of the phantom that was recognised ("water", "acr-ct-464", "catphan-504", "acr-mr-large" …).
    `measurements` hold every quantity of the test at least once, each with a value or a reason and its evidence.
    `facts` are what the limits of standards ask for beyond modality and test type (slice_thickness, view …).
    `checks` are the plausibility checks that passed, as numbers a person can follow: scale, rotation in degrees,
    residuals; a check that fails is an AnalysisError, never a number with a flag.
    """

    phantom: str
    measurements: tuple[Measurement, ...]
    evidence: tuple[Evidence, ...] = ()
    facts: Mapping[str, str | float] = field(default_factory=dict)
    checks: Mapping[str, float] = field(default_factory=dict)
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class PhantomTest:
    """One performance test, pure: images and parameters in, quantities or an AnalysisError out.

    `run` raises AnalysisError when the phantom is not found, is another one, or the images are unfit; a single
    quantity that cannot be had is a Measurement with a reason.  A change of any number raises `version`.
    `phantoms` are the keys it may find; `real` tells whether it has met a real phantom yet (else its page says so).
    A `general` test takes any even object: of several that accept the same images one that knows its phantom goes
    before it.
    """

    name: str
    version: str
    zh: str
    en: str
    modalities: frozenset[str]
    phantoms: tuple[str, ...]
    quantities: tuple[str, ...]
    run: Callable[[PhantomInput], PhantomFound]
    parameters: tuple[Parameter, ...] = ()
    real: bool = False
    general: bool = False

    def label(self, lang: str = "zh") -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class PhantomResult:
    """One run of one test.  `refused` is set exactly when nothing was measured.

    `inputs` are the SOP Instance UIDs of all images given, sorted.  `by_hand` lists the parameters that a person chose
    in the images: {"key", "value"} and, of a chosen image, "series_number", "instance_number" and "frame" (from 0).
    """

    test: str
    version: str
    found: PhantomFound | None
    refused: Reason | None
    inputs: tuple[str, ...]
    parameters: Mapping[str, Value]
    modality: str
    verdicts: tuple[Verdict, ...] = ()
    by_hand: tuple[Mapping[str, Any], ...] = ()

    def as_dict(self, lang: str = "zh") -> dict[str, Any]:
        """Plain JSON; keys are only ever added."""
        found = self.found
        return {
            "test": self.test,
            "version": self.version,
            "phantom": found.phantom if found else None,
            "measurements": [m.as_dict(lang) for m in found.measurements] if found else [],
            "verdicts": [v.as_dict(lang) for v in self.verdicts],
            "refused": reason_sentence(self.refused, lang) if self.refused else None,
            "refused_code": self.refused.code if self.refused else None,
            "refused_values": dict(self.refused.values) if self.refused else None,
            "evidence": [e.as_dict() for e in found.evidence] if found else [],
            "checks": dict(found.checks) if found else {},
            "facts": dict(found.facts) if found else {},
            "curves": [dict(c) for c in found.curves] if found else [],
            "parameters": {k: list(v) if isinstance(v, tuple) else v for k, v in self.parameters.items()},
            "inputs": list(self.inputs),
            "by_hand": [dict(one) for one in self.by_hand],
        }


def the_volume(stacks: Sequence[Stack]) -> Stack:
    """The only volume, or the one with most slices; AnalysisError `not_a_volume` without any.

    Two volumes with the same largest number of slices are refused (`phantom_several_series`): which one is meant is
    for the person who chose the files to say.
    """
    found = [stack for stack in stacks if stack.kind == "volume"]
    if not found:
        raise AnalysisError("not_a_volume", kinds=", ".join(sorted({stack.kind for stack in stacks})) or "-")
    most = max(len(stack.slices) for stack in found)
    largest = [stack for stack in found if len(stack.slices) == most]
    if len(largest) > 1:
        raise AnalysisError("phantom_several_series", n=len(largest))
    return largest[0]


def at_slice(piece: Slice, shape: Mapping[str, Any]) -> Evidence:
    """Evidence in one image."""
    return Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)


def recorder(test: tuple[str, str], pieces: Sequence[Slice]) -> Recorder:
    """A recorder for the test of this name and version; its sources are all the objects of `pieces`, sorted."""
    return Recorder(*test, tuple(sorted({piece.instance.sop_uid for piece in pieces})))
