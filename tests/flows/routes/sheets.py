"""Sheets, their templates and files."""

from tests.flows.routes.route import Route

SHEET = {"response_id": "sheet"}
TEMPLATE = {"template_id": "sheet_template"}
ROUTES = {
    "web:sheets": Route("sheet.view"),
    "web:sheet_new": Route("sheet.fill"),
    "web:sheet": Route("sheet.view", {"response_id": "sheet_done"}),
    "web:sheet_fill": Route("sheet.fill", SHEET),
    "web:sheet_save": Route("sheet.fill", SHEET, post=True),
    "web:sheet_attach": Route("sheet.fill", SHEET, post=True, fine=(400,)),
    "web:sheet_correct": Route("sheet.fill", {"response_id": "sheet_done"}),
    "web:sheet_discard": Route("sheet.fill", {"response_id": "sheet_done"}, post=True),
    "web:sheet_report": Route("sheet.view", {"response_id": "sheet_done", "ending": "=xlsx"}),
    "sheets:templates": Route("sheet.view"),
    "sheets:new": Route("sheet.edit"),
    "sheets:look": Route("sheet.edit", post=True, fine=(400,)),
    "sheets:product": Route("sheet.view", {"key": "=device-morning"}),
    "sheets:product_preview": Route("sheet.view", {"key": "=device-morning"}),
    "sheets:template": Route("sheet.view", TEMPLATE),
    "sheets:download": Route("sheet.view", TEMPLATE),
    "sheets:preview": Route("sheet.view", TEMPLATE),
    "sheets:edit": Route("sheet.edit", {"template_id": "sheet_begun"}),
    "sheets:publish": Route("sheet.edit", TEMPLATE, post=True),
    "sheets:next": Route("sheet.edit", TEMPLATE, post=True),
    "sheets:discard": Route("sheet.edit", TEMPLATE, post=True),
    "sheets:withdraw": Route("sheet.edit", TEMPLATE),
    "documents:file": Route("document.view", {"attachment_id": "sheet_file"}),
}
