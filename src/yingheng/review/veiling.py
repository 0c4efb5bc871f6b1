"""Free text without the people in it: names, numbers, hospitals and dates are covered, findings stay.  Pure.

Every covered character leaves one black square, so that the places of a text are the same with and without a veil.
What is known (names and numbers of the patient and of the staff, names of the hospital) is covered however it is
written: in full or half width, with blanks in between, with its parts the other way round.  Besides, what looks like a
date, a telephone, an identity card or a long number, a doctor by title, a signed line, or a named hospital.

Covered too much rather than too little, but never a side, a number with its unit or a word of anatomy: a short name of
the staff that is such a word is left, and only covered with a title behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

COVER = "■"
_HAN = r"\u3400-\u9fff\U00020000-\U0003ffff"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜程苏魏吕丁沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_TITLE = r"(?:副主任|主任|主治|住院|进修)?(?:医师|医生|大夫|技师|护士长?|教授|主任|院长)"
_UNITS = (
    r"(?:mm|cm|ml|mL|HU|Hu|mg|kg|ms|mAs?|kVp?|mGy|mSv|MHz|Hz|px|U|IU|ng|μg|ug|次|个|枚|层|℃|岁|%|倍|分钟|小时|天|周)"
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAY = r"(?:19|20)\d{2}"
_CLOCK = r"(?:[\sT]*\d{1,2}[:时]\d{2}(?:[:分]\d{2}秒?|分)?)?"
_LABEL = (
    "姓名|患者姓名|报告医师|报告医生|审核医师|审核医生|诊断医师|书写医师|申请医师|检查医师|报告者|审核者|书写者|操作者|检查者|记录者|"
    "登记者|检查技师|操作技师|技师|签名|签字|住院号|门诊号|病历号|病案号|登记号|检查号|影像号|放射号|就诊号|申请单号|床号|卡号|电话|"
    "手机|联系方式|身份证号?码?|家庭住址|住址|地址|工作单位|出生日期|生日"
)
_PLACES = "省|市|县|区|州|盟|旗|大学|附属|人民|第[一二三四五六七八九十]+|协和|中心|中医|妇幼|同济|华西|湘雅|军区|总"
_NOT_BEFORE = "较于在与和及至从由经到就往院为前后片来本我他该外如同比见示作做诊查送转左右侧肺肝脑胸腹骨节灶影叶"
#: What is covered without being known.  Each pattern says by group "v" what of it is covered, else all.
_LOOKS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(one, re.IGNORECASE)
    for one in (
        (rf"(?<!\d){_DAY}\s?[-./年]\s?(?:1[0-2]|0?[1-9])(?:\s?[-./月]\s?(?:3[01]|[12]\d|0?[1-9])(?!\d)\s?[日号]?{_CLOCK}"
        rf"|\s?月|(?!\d)(?!\s?{_UNITS}))"),
        rf"(?<!\d){_DAY}\s?年",
        rf"(?<![\d.]){_DAY}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{{4,6}})?(?!\d)",
        r"(?<!\d)(?:1[0-2]|0?[1-9])\s?月\s?(?:3[01]|[12]\d|0?[1-9])\s?[日号]",
        rf"\b(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?[\s-](?:{_MONTHS})[a-z]*\.?[\s,-]+{_DAY}\b",
        rf"\b(?:{_MONTHS})[a-z]*\.?\s(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?,?\s{_DAY}\b",
        r"(?<!\d)(?:\+?86[\s-]?)?1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)",
        r"(?<!\d)0\d{2,3}[\s-]?\d{7,8}(?!\d)",
        r"(?<!\d)\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx](?![\dx])",
        rf"(?<![\w.])[a-z]{{0,6}}[-_]?\d{{6,}}(?:[-_]\w+)*(?![\d.])(?!\s?{_UNITS})",
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        rf"(?:{_LABEL})\s?[:：]\s?(?P<v>[^\s，,;；。]{{1,30}}(?:\s[{_HAN}](?=[\s，,;；。]|$))?)",
        rf"(?<![{_HAN}])(?P<v>(?![左右双患病前胸腹头颈])[{_HAN}]{{2,4}})(?=\s?[，,、]\s?[男女](?:性|[\s，,、；;。]|$))",
        rf"(?P<v>(?:[{_SURNAMES}]|(?<!主)任|(?<![左右上中下])叶)[{_HAN}]{{0,2}}?)(?={_TITLE})",
        r"\b(?:dr|prof|mr|mrs|ms)\.?\s(?P<v>[a-z][a-z'-]+(?:\s[a-z][a-z'-]+)?)",
        (rf"(?P<v>(?:(?![{_NOT_BEFORE}])[{_HAN}]){{0,4}}(?:{_PLACES})[{_HAN}]{{0,8}}?)"
        r"(?:医院|卫生院|保健院|卫生服务中心|医学中心)"),
        rf"(?<![{_HAN}])(?P<v>[{_HAN}]{{2,8}})(?:医院|卫生院|保健院)",
    )
)  # fmt: skip
_SPARED = re.compile(r"^(?:建议|外地|当地|上级|专科|综合|基层|下级|各|外|我|本|该|他|转|于|在|到)")
_MEASURED = re.compile(rf"\.\d|\s?{_UNITS}|\s?[×x*]\s?\d", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]")
_SHORTEST, _SHORTEST_PART, _SHORTEST_NUMBER = 2, 3, 3


@dataclass(frozen=True)
class Known:
    """What must not stand in a text.  `people` and `places` are names, `numbers` ids; `patient` names the patient.

    `is_plain` says of a word that it is one of anatomy or technique: such a name of the staff is left where it stands
    alone.
    """

    patient: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    is_plain: Callable[[str], bool] = lambda _word: False

    @cached_property
    def patterns(self) -> tuple[tuple[re.Pattern[str], bool], ...]:
        """Patterns on folded text without blanks, and whether they are of Latin letters and digits."""
        words = {word for name in self.patient for word in _spellings(name)}
        plain = {word for name in (*self.people, *self.places) for word in _spellings(name)}
        common = {word for word in plain if self.is_plain(word)}
        words |= plain - common
        words |= {found for one in self.numbers if len(found := _squeezed(one)) >= _SHORTEST_NUMBER}
        wide = sorted((w for w in words if not w.isascii()), key=len, reverse=True)
        narrow = sorted((w for w in words if w.isascii()), key=len, reverse=True)
        found = [(re.compile("|".join(map(re.escape, some))), some is narrow) for some in (wide, narrow) if some]
        if common:
            found.append((re.compile(rf"(?:{'|'.join(map(re.escape, common))})(?={_TITLE})"), False))
        return tuple(found)


def veiled(text: str, known: Known) -> str:
    """`text` with everything covered that tells of whom, by whom, where or when; as long as before."""
    covered = bytearray(len(text))
    for first, last in (*_known_places(text, known), *_looking_places(text)):
        covered[first:last] = b"\1" * (last - first)
    return "".join(COVER if hidden and not char.isspace() else char for char, hidden in zip(text, covered, strict=True))


def _known_places(text: str, known: Known) -> Iterator[tuple[int, int]]:
    folded, places = _folded(text)
    for pattern, is_latin in known.patterns:
        for match in pattern.finditer(folded):
            first, last = places[match.start()], places[match.end() - 1] + 1
            ends = _edge(text, first - 1, first) and _edge(text, last, last - 1)
            if not is_latin or (ends and not (match[0].isdigit() and _MEASURED.match(text, last))):
                yield first, last


def _folded(text: str) -> tuple[str, list[int]]:
    """The text in half width and small letters without blanks and joints, and where each of its characters stood."""
    found, places = [], []
    for place, char in enumerate(text):
        for one in unicodedata.normalize("NFKC", char).casefold():
            if one.isalnum():
                found.append(one)
                places.append(place)
    return "".join(found), places


def _edge(text: str, outside: int, inside: int) -> bool:
    """Whether a Latin word or a number ends there: what stands beside it is of another kind."""
    if not 0 <= outside < len(text):
        return True
    beside, own = (unicodedata.normalize("NFKC", text[place])[:1] for place in (outside, inside))
    return not (beside.isascii() and beside.isalnum()) or beside.isdigit() != own.isdigit()


def _looking_places(text: str) -> Iterator[tuple[int, int]]:
    even = "".join(_one(char) for char in text)
    for pattern in _LOOKS:
        group = "v" if "v" in pattern.groupindex else 0
        for match in pattern.finditer(even):
            if match.end(group) > match.start(group) and not (group and _SPARED.match(match[group])):
                yield match.start(group), match.end(group)


def _one(char: str) -> str:
    """A character in half width, as one character; blanks of any kind as a blank, but ends of lines."""
    if char.isspace():
        return char if char in "\r\n" else " "
    found = unicodedata.normalize("NFKC", char)
    return found if len(found) == 1 else char


def _spellings(name: str) -> set[str]:
    """A name as texts may have it: each of its groups together, turned round, and its longer Latin parts alone."""
    found = set()
    for group in name.split("="):
        parts = [part for part in re.split(r"[\s^,，·•()（）/|]+", group) if part]
        words = [_squeezed(part) for part in parts]
        found |= {"".join(words), "".join(reversed(words))}
        found |= {word for word in words if len(word) >= _SHORTEST_PART and _LATIN.match(word)}
        found |= {word for word in words if len(word) >= _SHORTEST and not word.isascii()}
    return {word for word in found if len(word) >= _SHORTEST}


def _squeezed(text: str) -> str:
    return _folded(text)[0]


def known_of(
    *,
    patient: Iterable[str] = (),
    people: Iterable[str] = (),
    places: Iterable[str] = (),
    numbers: Iterable[str] = (),
    is_plain: Callable[[str], bool] = lambda _word: False,
) -> Known:
    """`Known` of whatever there is, without empty texts."""
    lists = {"patient": patient, "people": people, "places": places, "numbers": numbers}
    told = {name: tuple(dict.fromkeys(filter(None, map(str.strip, values)))) for name, values in lists.items()}
    return Known(**told, is_plain=is_plain)
