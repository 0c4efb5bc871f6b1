"""The roles: what each person of a department, a QC centre or the computer room may do."""

from dataclasses import dataclass

from yingheng.tenancy import permissions as p

_READ = frozenset(
    {
        p.EXAM_VIEW,
        p.FINDING_VIEW,
        p.DEVICE_VIEW,
        p.STANDARD_VIEW,
        p.INDICATOR_VIEW,
        p.SCHEDULE_VIEW,
        p.SHEET_VIEW,
        p.DOCUMENT_VIEW,
        p.MEETING_VIEW,
    }
)


@dataclass(frozen=True)
class Role:
    """A role: its key, its names and its permissions. `administrator` roles exclude each other."""

    key: str
    name_en: str
    name_zh: str
    permissions: frozenset[str]
    administrator: bool = False

    def name(self, language: str) -> str:
        """The name in `language` (Chinese unless it begins with `en`)."""
        return self.name_en if language.startswith("en") else self.name_zh


def _role(key: str, names: tuple[str, str], permissions: set[str] | frozenset[str], *, admin: bool = False) -> Role:
    return Role(key, names[0], names[1], frozenset(p.known(word) for word in permissions), administrator=admin)


_TABLE = (
    _role(
        "technologist",
        ("Technologist", "技师"),
        _READ
        | {
            p.EXAM_EVALUATE,
            p.RETAKE_EDIT,
            p.PATIENT_IDENTIFY,
            p.SHEET_FILL,
            p.DEVICE_TEST,
            p.REVIEW_READ,
            p.REVIEW_APPEAL,
            p.REVIEW_LEARN,
        },
    ),
    _role(
        "radiologist",
        ("Radiologist", "诊断医师"),
        _READ
        | {
            p.EXAM_DECIDE,
            p.FINDING_DECIDE,
            p.RETAKE_EDIT,
            p.PATIENT_IDENTIFY,
            p.SHEET_FILL,
            p.REVIEW_READ,
            p.REVIEW_APPEAL,
            p.REVIEW_LEARN,
        },
    ),
    _role(
        "qc_officer",
        ("QC officer", "质控员"),
        _READ
        | {
            p.EXAM_DECIDE,
            p.EXAM_EVALUATE,
            p.FINDING_DECIDE,
            p.DEVICE_EDIT,
            p.DEVICE_RELEASE,
            p.DEVICE_TEST,
            p.SCHEDULE_EDIT,
            p.STANDARD_EDIT,
            p.RETAKE_EDIT,
            p.MAPPING_EDIT,
            p.PATIENT_IDENTIFY,
            p.PATIENT_MERGE,
            p.PERSON_VIEW,
            p.PERSON_EDIT,
            p.SHEET_FILL,
            p.SHEET_EDIT,
            p.REVIEW_READ,
            p.REVIEW_VIEW,
            p.REVIEW_PLAN,
            p.REVIEW_RULE,
            p.REVIEW_APPEAL,
            p.REVIEW_LEARN,
            p.REVIEW_TEACH,
            p.MEETING_PLAN,
            p.MEETING_RECORD,
            p.EXPORT,
            p.INGEST_VIEW,
            p.INGEST_SEND,
            p.JOB_VIEW,
        },
    ),
    _role(
        "head",
        ("Head of department", "科主任"),
        _READ
        | {
            p.EXAM_DECIDE,
            p.EXAM_EVALUATE,
            p.FINDING_DECIDE,
            p.DEVICE_EDIT,
            p.DEVICE_RELEASE,
            p.DEVICE_TEST,
            p.SCHEDULE_EDIT,
            p.STANDARD_EDIT,
            p.RETAKE_EDIT,
            p.MAPPING_EDIT,
            p.PATIENT_IDENTIFY,
            p.PATIENT_MERGE,
            p.PERSON_VIEW,
            p.PERSON_EDIT,
            p.SHEET_FILL,
            p.SHEET_EDIT,
            p.REVIEW_READ,
            p.REVIEW_VIEW,
            p.REVIEW_PLAN,
            p.REVIEW_RULE,
            p.REVIEW_APPEAL,
            p.REVIEW_LEARN,
            p.REVIEW_TEACH,
            p.MEETING_PLAN,
            p.MEETING_RECORD,
            p.EXPORT,
            p.INGEST_VIEW,
            p.INGEST_SEND,
            p.JOB_VIEW,
            p.USER_VIEW,
            p.AUDIT_VIEW,
        },
    ),
    _role(
        "engineer",
        ("Equipment engineer", "设备工程师"),
        {
            p.DEVICE_VIEW,
            p.DEVICE_EDIT,
            p.DEVICE_RELEASE,
            p.DEVICE_TEST,
            p.SCHEDULE_VIEW,
            p.SCHEDULE_EDIT,
            p.FINDING_VIEW,
            p.STANDARD_VIEW,
            p.INDICATOR_VIEW,
            p.MEETING_VIEW,
            p.SHEET_VIEW,
            p.DOCUMENT_VIEW,
            p.SHEET_FILL,
            p.INGEST_VIEW,
            p.REVIEW_LEARN,
        },
    ),
    _role(
        "nurse",
        ("Nurse", "护士"),
        {
            p.EXAM_VIEW,
            p.DEVICE_VIEW,
            p.STANDARD_VIEW,
            p.SCHEDULE_VIEW,
            p.PATIENT_IDENTIFY,
            p.MEETING_VIEW,
            p.SHEET_VIEW,
            p.DOCUMENT_VIEW,
            p.SHEET_FILL,
            p.REVIEW_LEARN,
        },
    ),
    _role(
        "expert",
        ("Reviewing expert", "评审专家"),
        {
            p.EXAM_VIEW,
            p.EXAM_DECIDE,
            p.FINDING_VIEW,
            p.FINDING_DECIDE,
            p.STANDARD_VIEW,
            p.INDICATOR_VIEW,
            p.MEETING_VIEW,
            p.SHEET_VIEW,
            p.DOCUMENT_VIEW,
            p.SHEET_FILL,
            p.REVIEW_READ,
            p.REVIEW_LEARN,
        },
    ),
    # Reads what was given to them and sees nothing else: for experts of other hospitals and from outside.
    _role("blind_reader", ("Blind reader", "盲评专家"), {p.REVIEW_READ}),
    # A program that brings things in (PACS, RIS, a modality): for machine accounts, sees nothing.
    _role("sender", ("Connected system", "接入系统"), {p.INGEST_SEND}),
    _role(
        "regional_centre",
        ("Regional QC centre", "区域质控中心"),
        _READ
        | {
            p.EXPORT,
            p.MEETING_PLAN,
            p.MEETING_RECORD,
            p.REVIEW_VIEW,
            p.REVIEW_PLAN,
            p.REVIEW_RULE,
            p.REVIEW_LEARN,
            p.REVIEW_TEACH,
        },
    ),
    # As the centre, writes the sheets its reviews go by, and decides the second level of appeals against them.
    _role(
        "regional_leader",
        ("Leader of the regional QC centre", "区域质控中心负责人"),
        _READ
        | {
            p.EXPORT,
            p.MEETING_PLAN,
            p.MEETING_RECORD,
            p.REVIEW_VIEW,
            p.REVIEW_PLAN,
            p.REVIEW_RULE,
            p.REVIEW_LEARN,
            p.REVIEW_TEACH,
        },
    ),
    _role(
        "system_admin",
        ("System administrator", "系统管理员"),
        {
            p.USER_VIEW,
            p.USER_MANAGE,
            p.ORGANISATION_MANAGE,
            p.PERSON_VIEW,
            p.PERSON_EDIT,
            p.ROLE_GRANT,
            p.JOB_VIEW,
            p.JOB_MANAGE,
            p.INGEST_VIEW,
            p.INGEST_MANAGE,
            p.DEVICE_VIEW,
            p.SYSTEM_VIEW,
        },
        admin=True,
    ),
    _role(
        "security_admin",
        ("Security administrator", "安全管理员"),
        {p.USER_VIEW, p.ROLE_GRANT, p.SYSTEM_VIEW},
        admin=True,
    ),
    _role("audit_admin", ("Audit administrator", "审计管理员"), {p.AUDIT_VIEW, p.USER_VIEW}, admin=True),
)

ROLES: dict[str, Role] = {role.key: role for role in _TABLE}
ADMINISTRATORS: tuple[str, ...] = tuple(role.key for role in _TABLE if role.administrator)
SYSTEM_ADMIN, SECURITY_ADMIN, AUDIT_ADMIN = ADMINISTRATORS


def roles_with(permission: str) -> frozenset[str]:
    """Keys of the roles that hold `permission`."""
    p.known(permission)
    return frozenset(key for key, role in ROLES.items() if permission in role.permissions)
