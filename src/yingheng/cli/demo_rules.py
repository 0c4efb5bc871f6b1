"""A draft of the demo hospital's own rules and its trial run: what a tighter limit would change, before it holds."""

from __future__ import annotations

from typing import Any

from yingheng.audit.actor import Actor

# Thinner than the demo's chest scans are, so that the trial has something to show.
THIN_CHEST: dict[str, Any] = {
    "id": "ct.chest.thickness",
    "clause": "1",
    "text": "胸部 CT 平扫层厚不大于 3 mm",
    "text_en": "Plain chest CT in slices of at most 3 mm",
    "subject": "series",
    "applies": {"modality": ["CT"], "item": ["CT-CHEST-PL"]},
    "quantity": "ct.slices.thickness",
    "unit": "mm",
    "limit": {"op": "<=", "value": 3},
    "severity": "major",
    "grade": "A",
    "confidence": "verified",
    "source": "演示 (sample)",
}


def draft_and_trial(code: str) -> None:
    """Draft rules of the hospital of that code and try them out, once; what was drafted before stays."""
    from yingheng.rulebook.models import RuleEdition  # noqa: PLC0415 - after Django is set up
    from yingheng.rulebook.selectors import shadow_days  # noqa: PLC0415
    from yingheng.rulebook.services import criterion_put, edition_create, shadow_ask, shadow_run  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital = Organisation.objects.get(code=code)
    if RuleEdition.objects.filter(hospital=hospital).exists():
        return
    actor = Actor("system:demo", "演示")
    edition = edition_create(
        actor=actor, hospital=hospital, title="演示医院影像质控规则（草稿）", title_en="Demo hospital rules (draft)"
    )
    criterion_put(actor=actor, edition=edition, table=THIN_CHEST)
    edition.refresh_from_db()
    run = shadow_ask(actor=actor, edition=edition, days=shadow_days(hospital))
    shadow_run(run_id=run.pk)
