"""Which series of an exam are of a phantom, by the rules of the hospital and by their names; no pixels, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imagingqc.protocol.items import phantom_word
from yingheng.catalog.models import Exam, Series
from yingheng.phantomqc.models import PhantomSelector

IMAGES = ("CT", "MR", "DX", "CR", "MG", "US", "XA", "RF", "PX", "IO")


@dataclass(frozen=True, slots=True)
class Group:
    """Series that belong to one test; without a selector nobody said yet which test it is."""

    selector: PhantomSelector | None
    series: tuple[Series, ...]


def selector_meets(selector: PhantomSelector, exam: Exam, series: Series) -> bool:
    """Whether a series meets all conditions of a rule."""
    if selector.device_id and selector.device_id != (series.device_id or exam.device_id):
        return False
    if selector.modalities and series.modality not in selector.modalities:
        return False
    if not selector.words:
        return True
    text = f"{exam.description} {series.description} {series.protocol_name}".casefold()
    return any(word.casefold() in text for word in selector.words)


def is_phantom(exam: Exam, series: Sequence[Series], selectors: Sequence[PhantomSelector]) -> bool:
    """Whether an exam is of a phantom: a rule is met, its description says so, or every named series does."""
    if any(selector_meets(rule, exam, one) for one in series for rule in selectors):
        return True
    if exam.description and phantom_word(exam.description, exam.modality):
        return True
    names = [one.description for one in series if one.description]
    return bool(names) and all(phantom_word(name, exam.modality) for name in names)


def groups_of(exam: Exam, series: Sequence[Series], selectors: Sequence[PhantomSelector]) -> list[Group]:
    """The series of a phantom exam by test: those of a rule that puts them together, else each alone.

    What no rule meets is one group: the exam as a whole, for a person to say.
    """
    images = [one for one in series if one.modality in IMAGES]
    groups: list[Group] = []
    together: dict[object, list[Series]] = {}
    unmet: list[Series] = []
    for one in images:
        rule = next((s for s in selectors if selector_meets(s, exam, one)), None)
        if rule is None:
            unmet.append(one)
        elif rule.together:
            together.setdefault(rule.pk, []).append(one)
        else:
            groups.append(Group(rule, (one,)))
    by_pk = {rule.pk: rule for rule in selectors}
    groups += [Group(by_pk[pk], tuple(several)) for pk, several in together.items()]
    if unmet and not groups:  # series beside those of a rule are localizers and the like
        groups.append(Group(None, tuple(unmet)))
    return groups
