"""Stored figures of agreement as tiles, tables and a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from yingheng.common.ui.differences import Differences
from yingheng.common.ui.parts import Empty, KeyValues, Lines, Section, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.tiles import Rate, Tile
from yingheng.common.ui.words import language
from yingheng.review.models import AgreementReport, Campaign
from yingheng.review.statistics.figures import reason_text

Content = Mapping[str, Any]
_FEWEST = 20  # cases of a reader below which they are told from others in grey


def plain(told: Content, digits: int = 1) -> str:
    """The interval of a figure, or why there is none."""
    if "reason" in told:
        values = {**told["values"], **({"reader": _("The reader")} if "reader" in told["values"] else {})}
        return reason_text({**told, "values": values}, language())
    if not told.get("interval"):
        return ""
    low, high = told["interval"]
    return f"{low:.{digits}f} … {high:.{digits}f}"


def effect_text(told: Content) -> str:
    """Points above or below the others; a dash where it cannot be told."""
    return f"{told['value']:+.1f}" if "value" in told else "—"


def _value(told: Content, digits: int = 2) -> str:
    return f"{told['value']:.{digits}f}" if "value" in told else "—"


def agreement_tiles(content: Content) -> list[Tile]:
    """Kappa, AC2, intraclass correlation, same grade, arbitration."""
    pairs, none = content["pairs"], {"reason": "one_class", "values": {}}
    kappa, ac2, same = (pairs.get(name, none) for name in ("kappa", "ac2", "same"))
    third = pairs["arbitrated"]
    share = tuple(100 * end for end in third["interval"]) if third["interval"] else None
    return [
        Tile(_("Weighted kappa of grades"), _value(kappa), n=kappa.get("n"), note=plain(kappa, 2)),
        Tile(_("Gwet's AC2 of grades"), _value(ac2), n=ac2.get("n"), note=plain(ac2, 2)),
        Tile(_("Intraclass correlation of scores"), _value(pairs["icc"]), n=pairs["icc"].get("n"),
             note=plain(pairs["icc"], 2)),
        _same_tile(same),
        Tile(_("To arbitration"), rate=Rate(third["k"], third["n"], share, better="low")),  # type: ignore[arg-type]
    ]  # fmt: skip


def adjusted_section(content: Content, title: str = "") -> Section | None:
    """The mean freed of who read, beside the plain one, and by which method; None in a report of before it was made.

    Rulings rest on the plain readings: this tells what the choice of readers does to a mean.
    """
    told = content.get("adjusted")
    if told is None:
        return None
    method = _("cases less the shrunken leniency of their readers (additive model of cases and readers)")
    if "value" not in told:
        rows: list[tuple[str, Any]] = [(_("Adjusted mean"), Lines("—", plain(told)))]
    else:
        rows = [
            (_("Plain mean of the readings"), f"{told['plain']:.1f}"),
            (_("Adjusted mean"), Lines(f"{told['value']:.1f}", _("95 %% interval %(low).1f–%(high).1f")
                                       % {"low": told["interval"][0], "high": told["interval"][1]})),
            (_("Cases"), told["n"]),
        ]  # fmt: skip
    rows.append((_("Method"), method))
    hint = _("rulings stay those of the readers as they were given")
    return Section(title or _("Adjusted for readers' leniency"), KeyValues(rows), hint=hint)


def campaign_adjusted(row: Campaign) -> list[Section]:
    """The adjusted means of an announced sample, by score sheet; none before its report was made.  One query."""
    rows = AgreementReport.objects.filter(campaign=row, kind=AgreementReport.Kind.CAMPAIGN).order_by("template_key")
    told = list(rows.values_list("title", "content"))
    title = _("Adjusted for readers' leniency")
    found = [adjusted_section(content, f"{title}: {name}" if len(told) > 1 else title) for name, content in told]
    return [one for one in found if one is not None]


def _same_tile(same: Content) -> Tile:
    if "value" not in same:
        return Tile(_("Same grade"), None, note=plain(same))
    low, high = (100 * end for end in same["interval"])
    return Tile(_("Same grade"), rate=Rate(round(same["value"] * same["n"]), same["n"], (low, high)))


def agreement_sections(content: Content, names: Mapping[str, str] | None) -> list[Section]:
    """Cross table, differences of scores, readers (with names only for planners), how to read it."""
    found = [_cross(content)] if "table" in content["pairs"] else []
    found.append(_differences(content["pairs"]))
    if names is None:
        text = _(
            "Figures by reader are for those who plan reviews; everybody finds their own under “My reading in figures”."
        )
        found.append(Section(_("By reader"), Empty(_("Readers are not named here"), text, "shield-check")))
    else:
        found.append(_readers(content, names))
        found.append(_repeats(content["readers"], names))
    adjusted = adjusted_section(content)
    return [*found, *([adjusted] if adjusted else []), _how(content)]


def _cross(content: Content) -> Section:
    grades, table = content["pairs"]["grades"], content["pairs"]["table"]
    names = {key: content["grades"].get(key, {}).get(language(), key) for key in grades}
    columns = [Column("first", _("First reader \\ second reader"), wide=True)]
    columns += [Column(key, names[key], align="right", nowrap=True) for key in grades]
    rows = [
        Row({"first": names[one], **{other: table[i][j] or "·" for j, other in enumerate(grades)}}, id=one)
        for i, one in enumerate(grades)
    ]
    hint = _("The grade by the one who was drawn first, against that by the other; equal grades stand in the diagonal.")
    return Section(_("Grades of both readers"), Table(columns, rows, caption=_("Grades of both readers")), flush=True,
                   hint=hint)  # fmt: skip


def _differences(pairs: Content) -> Section:
    title, told = _("Differences of scores"), pairs["limits"]
    if not pairs["points"]:
        return Section(title, Empty(_("No pair of scores"), icon="chart-dots"))
    both = (told["lower"], told["upper"]) if "lower" in told else None
    chart = Differences(
        [(x, y) for x, y in pairs["points"]], _("mean of both scores"), _("first minus second score"),
        bias=told.get("value"), limits=both,
    )  # fmt: skip
    hint = (
        plain(told)
        if both is None
        else _(
            "95 %% of differences are expected between %(low)+.1f and %(high)+.1f points (Bland and Altman); n = %(n)d."
        )
        % {"low": both[0], "high": both[1], "n": told["n"]}
    )
    return Section(title, chart, hint=hint)


def _readers(content: Content, names: Mapping[str, str]) -> Section:
    table = Table(
        columns=(
            Column("who", _("Reader"), wide=True),
            Column("n", _("Cases"), align="right", nowrap=True),
            Column("seconds", _("Seconds"), align="right", nowrap=True, phone=False),
            Column("effect", _("Milder (+) or stricter (−)"), align="right"),
            Column("sd", _("Own spread"), align="right", nowrap=True, phone=False),
            Column("drift", _("Drift a month"), align="right", phone=False),
        ),
        rows=[_reader(one, names) for one in _ordered(content["readers"])],
        caption=_("By reader"),
        empty=Empty(_("Nobody read"), icon="users"),
    )
    hint = _(
        "Points against the readers of the same cases; they add up to 0. A small n leaves much open: see the interval."
    )
    return Section(_("By reader"), table, flush=True, hint=hint)


def seconds_text(seconds: float) -> str:
    """A median time; none where no time was counted."""
    return f"{seconds:g}" if seconds else "—"


def _ordered(readers: Sequence[Content]) -> list[Content]:
    return sorted(readers, key=lambda one: -one["effect"].get("value", -1000.0))


def _reader(one: Content, names: Mapping[str, str]) -> Row:
    effect, drift = one["effect"], one["drift"]
    third = _("of them %(n)d as arbiter") % {"n": one["n_third"]} if one["n_third"] else ""
    moving = Tag(_("drifts"), "human", "alert-triangle") if drift.get("drifting") else effect_text(drift)
    return Row(
        {
            "who": Lines(names.get(one["id"], "—"), third),
            "n": one["n"],
            "seconds": seconds_text(one["seconds"]),
            "effect": Lines(effect_text(effect), plain(effect)),
            "sd": "—" if effect.get("sd") is None else f"{effect['sd']:.1f}",
            "drift": Lines(moving, plain(drift)),
        },
        id=one["id"],
        tone="few" if one["n"] < _FEWEST else "",
    )


def _repeats(readers: Sequence[Content], names: Mapping[str, str]) -> Section:
    """Against oneself: cases shown a second time."""
    told = [one for one in readers if "value" in one["repeats"] or "value" in one["repeat_kappa"]]
    table = Table(
        columns=(
            Column("who", _("Reader"), wide=True),
            Column("n", _("Shown again"), align="right", nowrap=True),
            Column("sd", _("Spread about oneself"), align="right"),
            Column("kappa", _("Kappa with oneself"), align="right"),
        ),
        rows=[
            Row(
                {
                    "who": names.get(one["id"], "—"),
                    "n": one["repeats"].get("n") or one["repeat_kappa"].get("n"),
                    "sd": Lines(_value(one["repeats"], 1), plain(one["repeats"])),
                    "kappa": Lines(_value(one["repeat_kappa"]), plain(one["repeat_kappa"], 2)),
                },
                id=one["id"],
            )
            for one in told
        ],
        caption=_("The same case twice"),
        empty=Empty(
            _("Too few cases were shown twice"), _("A plan can show a share of its cases a second time."), "repeat"
        ),
    )
    return Section(_("The same case twice"), table, flush=True)


def _how(content: Content) -> Section:
    spread = content["spread"]
    rows = [
        (_("Kappa"), _("1 is perfect, 0 what chance gives. Where nearly all films are of one grade, read AC2.")),
        (_("Milder or stricter"), _("From shared cases: what is left after what the case itself is worth.")),
    ]
    if spread:
        words = _("one score scatters by %(sd).1f points about case and reader; readers differ by %(between).1f (SD)")
        rows.append((_("Spread"), words % spread))
        if spread["groups"] > 1:
            rows.append(
                (
                    _("Groups"),
                    _("%(n)d groups share no case: readers of different groups cannot be compared.")
                    % {"n": spread["groups"]},
                )
            )
    return Section(_("How to read this"), KeyValues(rows))
