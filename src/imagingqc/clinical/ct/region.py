"""Which part of the body a CT series shows, by its header: for analyses that are meant for one part alone."""

from __future__ import annotations

import re

from imagingqc.dicom.model import Instance
from imagingqc.errors import AnalysisError

HEAD, CHEST, ABDOMEN = "head", "chest", "abdomen"
_WORDS = {
    HEAD: re.compile(r"HEAD|BRAIN|SKULL|CRANI|颅|头(?!颈)|脑"),
    CHEST: re.compile(r"CHEST|THORA|LUNG|胸(?!椎)|肺"),
    ABDOMEN: re.compile(r"ABDOM|LIVER|PANCREAS|KIDNEY|PELVIS|腹|肝|胰|肾|盆"),
}
_KEYWORDS = ("BodyPartExamined", "StudyDescription", "ProtocolName", "SeriesDescription")


def regions_of(instance: Instance) -> frozenset[str]:
    """The known regions named by the first attribute that names any: Body Part Examined, then the descriptions.

    Empty when Body Part Examined names another part; AnalysisError `missing_tag` when it is absent and no description
    names a known one.
    """
    texts = [(instance.text(keyword) or "").upper() for keyword in _KEYWORDS]
    for text in texts:
        found = frozenset(name for name, words in _WORDS.items() if words.search(text))
        if found:
            return found
    if not texts[0].strip():
        raise AnalysisError("missing_tag", tag="BodyPartExamined")
    return frozenset()


def require_region(instance: Instance, *wanted: str) -> None:
    """AnalysisError `other_region` unless the series shows one of the wanted regions; `missing_tag` if none is told."""
    if not regions_of(instance) & set(wanted):
        raise AnalysisError("other_region", wanted=", ".join(wanted))
