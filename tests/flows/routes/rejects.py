"""Rejected exposures and their logs."""

from tests.flows.routes.route import Route

ROUTES = {
    "rejects:analysis": Route("exam.view"),
    "rejects:rows": Route("exam.view"),
    "rejects:row_reason": Route("retake.edit", {"row_id": "rejected_exposure"}),
    "rejects:days": Route("exam.view"),
    "rejects:export": Route("export.make", {"ending": "=csv"}),
    "rejects:logs": Route("mapping.edit"),
    "rejects:log_new": Route("mapping.edit"),
    "rejects:log": Route("mapping.edit", {"file_id": "reject_log"}),
    "rejects:refused": Route("mapping.edit", {"file_id": "reject_log"}),
    "rejects:log_withdraw": Route("mapping.edit", {"file_id": "reject_log"}),
    "rejects:folders": Route("device.edit"),
    "rejects:folder_new": Route("mapping.edit"),
    "rejects:folder": Route("device.edit", {"folder_id": "reject_folder"}),
    "rejects:folder_edit": Route("mapping.edit", {"folder_id": "reject_folder"}),
    "rejects:folder_switch": Route("mapping.edit", {"folder_id": "reject_folder"}, post=True),
    "rejects:folder_again": Route("mapping.edit", {"folder_id": "reject_folder"}, post=True),
    "rejects:texts": Route("mapping.edit"),
    "rejects:text": Route("mapping.edit", {"hospital_id": "hospital"}, query="?key={reject_text}"),
}
