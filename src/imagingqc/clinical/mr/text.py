"""What the words of a series description say about an MR sequence.  Ordered: the first rule that matches decides."""

from __future__ import annotations

import re

_WORD_START, _WORD_END = r"(?<![a-z0-9])", r"(?![a-z0-9])"


def _word(pattern: str) -> str:
    return f"{_WORD_START}(?:{pattern}){_WORD_END}"


_RULES: tuple[tuple[str, str], ...] = (
    ("localizer", _word(r"loc|scout|survey|plan") + r"|localiz|localis|3.?plane|three.?plane|定位"),
    ("derived", _word(r"mip|minip|mpr|sub|subtraction|cpr") + r"|减影|重组"),
    ("ADC", _word(r"e?adc") + r"|apparent"),
    ("DWI", r"dwi|diff|dti|trace|resolve|弥散|扩散|" + _word(r"dw")),
    ("PWI", r"perf|pwi|灌注|" + _word(r"dsc|asl|pcasl")),
    ("fMRI", r"bold|fmri|" + _word(r"rest|rsfmri")),
    ("SWI", r"swi|swan|venbold|磁敏感|" + _word(r"susc\w*")),
    ("TOF", _WORD_START + r"(?:2d|3d)?_?tof"),
    ("PC", r"venc|" + _word(r"pc|pca|pcmrv?|2dpc|3dpc")),
    ("LGE", r"psir|delayed.?enh|延迟强化|" + _word(r"lge|mde")),
    ("cine", r"cine|电影"),
    ("DCE", r"dynamic|动态|twist|tricks|disco|vibrant|" + _word(r"dyn|dce")),
    ("heavy T2", r"mrcp|myelo|ciss|水成像|" + _word(r"mru|mrm")),
    ("T1", r"t1.*(?:flair|tirm)|mprage|bravo"),
    ("T2-FLAIR", r"flair|dark.?fluid|水抑制"),
    ("STIR", r"stir|tirm"),
    ("bSSFP", r"trufi|fiesta|b-?ffe|balanced"),
    ("T2*", r"t2\s*\*|t2.?star"),
    ("T1", _WORD_START + r"t1|vibe|lava|thrive|f?spgr|quick3d|tfl3d"),
    ("PD", _WORD_START + r"pd(?:w|_|\s|$|fs|-)|proton"),
    ("T2", _WORD_START + r"t2|haste|ssfse"),
    ("T2*", r"medic|merge|hemo|" + _word(r"gre|ffe")),
)  # fmt: skip
RULES = tuple((name, re.compile(pattern)) for name, pattern in _RULES)

_FAT = re.compile(
    _word(r"fs|fatsat|fat.?sup\w*|spair|spir|chess|stir|tirm|wfs|we|proset")
    + r"|脂抑|压脂|抑脂|fatsat|(?:dixon|ideal)[ _]*w"
)
_CONTRAST = re.compile(
    r"增强|强化|\+\s*c" + _WORD_END + "|" + _word(r"ce|gd|gad|post(?!.?fossa)|contrast|post.?con\w*")
)
_THREE_D = re.compile(r"(?<![0-9a-z])3d|mprage|bravo|cube|vista|(?<![a-z])space|vibe|lava|thrive|f?spgr")


def text_class(text: str) -> str | None:
    """Sequence class that a description (lower case) names, None when it names none."""
    return next((name for name, pattern in RULES if pattern.search(text)), None)


def says_fat_suppression(text: str) -> bool:
    """Whether the description speaks of fat suppression or separation."""
    return _FAT.search(text) is not None


def says_contrast(text: str) -> bool:
    """Whether the description speaks of contrast medium given."""
    return _CONTRAST.search(text) is not None


def says_three_d(text: str) -> bool:
    """Whether the description names a 3D sequence."""
    return _THREE_D.search(text) is not None
