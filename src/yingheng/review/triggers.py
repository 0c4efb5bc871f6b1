"""Database triggers: readings, rulings, qualifications and frames are insert only, and final marks never change.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from yingheng.common.staying import Stays, Triggers

# Of a published case of the library: that it was withdrawn or replaced, and who else may see it.
_TOLD_LATER = ("state", "reason", "withdrawn_by_name", "withdrawn_at", "share", "shared_with_id", "share_by_name",
               "share_reason")  # fmt: skip
_TRIGGERS = Triggers(
    "review",
    "what was read and ruled is append-only",
    (
        Stays("review_reading"),
        Stays("review_ruling"),
        Stays("review_qualification"),
        Stays("review_frame"),
        Stays("review_signoff"),
        Stays("review_yearresult"),
        Stays("review_extension"),
        Stays("review_dictionaryversion"),
        Stays("review_dictionarychoice"),
        Stays("review_positionchange"),
        Stays(
            "review_referencepicture",
            free=("removed_at", "removed_by_name", "removed_reason"),
            closed="OLD.removed_at IS NOT NULL",
        ),
        Stays("review_mark", when="OLD.is_final"),
        Stays("review_teachingcase", free=_TOLD_LATER, when="OLD.state NOT IN ('draft', 'checked')"),
        Stays("review_teachingimage"),
        Stays("review_exercisecase"),
        Stays("review_attempt", when="OLD.submitted_at IS NOT NULL"),
        Stays("review_attemptanswer", when="OLD.is_final"),
    ),
)
install, remove = _TRIGGERS.install, _TRIGGERS.remove
