"""Database triggers that keep evidence append-only.

Of measurement sets and assessments only `is_current` may change; decisions, acceptances and baselines never change;
none is ever deleted.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

_TRIGGERS = Triggers(
    "evidence",
    "evidence is append-only",
    (
        Stays("evidence_measurementset", free=("is_current",)),
        Stays("evidence_assessment", free=("is_current",)),
        Stays("evidence_decision"),
        Stays("evidence_acceptance"),
        Stays("evidence_baseline"),
    ),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
