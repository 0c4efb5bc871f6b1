"""Dictionaries of film review as data: defects of images and reports, positions, editions of positions, pictures.

Plain data and loaders; what a hospital adds is handed in as rows of the same columns.  `catalogue_for` puts both
together and is what everything that offers or names entries asks.
"""

from yingheng.review.dictionary.catalogue import Catalogue, catalogue_for, named, names_ready
from yingheng.review.dictionary.defects import (
    CAUSES,
    CLASSES,
    REPORT_CLASSES,
    SEVERITIES,
    Defect,
    defect_words,
    defects,
    defects_for,
)
from yingheng.review.dictionary.letters import letters_of, search
from yingheng.review.dictionary.pictures import PictureKey, picture_key, pictures_of
from yingheng.review.dictionary.positions import (
    GROUPS,
    Edition,
    Position,
    editions,
    position_for,
    positions,
    positions_for,
)
from yingheng.review.dictionary.table import DictionaryError
from yingheng.sheets.spec import Words

__all__ = [
    "CAUSES",
    "CLASSES",
    "GROUPS",
    "REPORT_CLASSES",
    "SEVERITIES",
    "Catalogue",
    "Defect",
    "DictionaryError",
    "Edition",
    "PictureKey",
    "Position",
    "Words",
    "catalogue_for",
    "defect_words",
    "defects",
    "defects_for",
    "editions",
    "letters_of",
    "named",
    "names_ready",
    "picture_key",
    "pictures_of",
    "position_for",
    "positions",
    "positions_for",
    "search",
]
