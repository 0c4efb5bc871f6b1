import pytest

from yingheng.common.ui.charts import Point, trend_shape
from yingheng.common.ui.gallery.samples import GAPS, INSTANCES, verdicts
from yingheng.common.ui.stage import HeaderTags, SeriesList, SliceRuler, Stage, Window, evidence_part, overlays_of
from yingheng.common.ui.tiles import Rate, Tile


def test_it_places_slices_gaps_and_duplicates():
    shape = {
        "kind": "slices",
        "positions_mm": [0.0, 5.0, 20.0],
        "gaps": [{"from_mm": 5.0, "to_mm": 20.0, "missing": 2, "before": "a", "after": "b"}],
        "duplicates": [{"position_mm": 20.0, "instances": ["b", "c"]}],
    }
    ruler = SliceRuler(shape)
    assert [(t.x, t.duplicated) for t in ruler.ticks] == [(10.0, False), (255.0, False), (990.0, True)]
    assert [(g.x, g.width, g.missing, g.before) for g in ruler.gaps] == [(255.0, 735.0, 2, 1)]
    assert ruler.duplicates == [(990.0, 20.0, 2)]
    assert ruler.ends == (0.0, 20.0)


def test_it_survives_a_single_slice_and_descending_positions():
    assert SliceRuler({"kind": "slices", "positions_mm": [7.0]}).ticks[0].x == 10.0
    gap = SliceRuler(GAPS).gaps[0]
    assert gap.width > 0
    assert (gap.from_mm, gap.to_mm) == (-85.0, -65.0)


def test_it_finds_the_slice_of_an_overlay():
    drawn = overlays_of(verdicts(), INSTANCES)
    assert [(o.index, o.outcome, o.shape["kind"]) for o in drawn] == [(12, "PASS", "circle")]


@pytest.mark.parametrize(
    ("shape", "kind"),
    [(GAPS, SliceRuler), ({"kind": "tags", "tags": []}, HeaderTags), ({"kind": "series_list", "rows": []}, SeriesList)],
)
def test_it_chooses_the_part_for_evidence_outside_the_image(shape, kind):
    assert isinstance(evidence_part(shape), kind)


@pytest.mark.parametrize("shape", [None, {}, {"kind": "rect", "x": 1}])
def test_it_has_no_part_for_shapes_on_the_image(shape):
    assert evidence_part(shape) is None


def test_it_fills_the_address_of_the_first_picture():
    stage = Stage("/x/{index}?w={window}", 512, 512, 9, windows=[Window("bone", "Bone")], start=4)
    assert stage.first_url == "/x/4?w=bone"


def test_it_breaks_the_trend_at_a_gap():
    shape = trend_shape([Point("a", 1), Point("b", 2), Point("c", None), Point("d", 4), Point("e", 3)], control=(1, 4))
    assert len(shape.runs) == 2
    assert [m.point.label for m in shape.marks] == ["a", "b", "d", "e"]
    assert shape.upper < shape.lower
    assert shape.band == pytest.approx(shape.lower - shape.upper)


def test_it_draws_nothing_without_values():
    assert trend_shape([Point("a", None)]) is None
    assert Tile("?").trend is None


@pytest.mark.parametrize(
    ("rate", "met"),
    [
        (Rate(96, 100, target=95), True),
        (Rate(94, 100, target=95), False),
        (Rate(2, 100, target=3, better="low"), True),
        (Rate(4, 100, target=3, better="low"), False),
        (Rate(9, 10, target=95), None),
        (Rate(0, 0, target=95), None),
        (Rate(9, 100), None),
    ],
)
def test_it_says_whether_a_target_is_met_only_when_it_can(rate, met):
    assert rate.met is met
