"""Django settings. Operational limits come from the environment; clinical limits live in standards alone."""

import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from yingheng.config.env import database_settings, env_bool, env_int, env_list, env_secret, env_str
from yingheng.config.home import data_home, secret_key
from yingheng.config.static_headers import add_headers

DEBUG = env_bool("YINGHENG_DEBUG", default=False)
TESTING = "PYTEST_VERSION" in os.environ  # pytest announces itself so to everything it starts
YINGHENG_DEMO = env_bool("YINGHENG_DEMO", default=False)  # marks every page
YINGHENG_HOME = data_home(throwaway=DEBUG or TESTING)
SECRET_KEY = env_secret("YINGHENG_SECRET_KEY") or secret_key(YINGHENG_HOME)
ALLOWED_HOSTS = env_list("YINGHENG_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
PACKAGE = Path(__file__).resolve().parent.parent

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "yingheng.common.ui",
    "yingheng.audit",
    "yingheng.tenancy",
    "yingheng.jobs",
    "yingheng.notify",
    "yingheng.rollups",
    "yingheng.sheets",
    "yingheng.documents",
    "yingheng.schedule",
    "yingheng.registry",
    "yingheng.catalog",
    "yingheng.evidence",
    "yingheng.rulebook",
    "yingheng.ingest",
    "yingheng.imagequality",
    "yingheng.phantomqc",
    "yingheng.review",
    "yingheng.governance",
    "yingheng.rejects",
    "yingheng.pipeline",
    "yingheng.web",
    "yingheng.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "yingheng.common.middleware.LanguageMiddleware",
    "yingheng.common.remember.RememberMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "yingheng.config.urls"
ASGI_APPLICATION = "yingheng.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "yingheng.tenancy.context.access",
                "yingheng.notify.context.unread",
                "yingheng.common.ui.context.frame",
            ],
        },
    },
]

DATABASES = {"default": database_settings(env_secret("DATABASE_URL"), YINGHENG_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people and sessions ---------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenancy.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "yingheng.tenancy.passwords.CharacterClassValidator", "OPTIONS": {"classes": 3}},
]
LOGIN_URL = "tenancy:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "tenancy:login"
SESSION_COOKIE_AGE = env_int("YINGHENG_SESSION_HOURS", 12, minimum=1) * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False  # scripts of our own pages send it back in a header
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "yingheng.common.ui.views.csrf_failure"

# Five wrong passwords for one name from one address close that pair for a quarter of an hour; the count is forgotten
# at a right password. Nobody can lock a colleague out from another desk.
AXES_FAILURE_LIMIT = env_int("YINGHENG_LOGIN_FAILURES", 5, minimum=3)
AXES_COOLOFF_TIME = timedelta(minutes=env_int("YINGHENG_LOGIN_COOLOFF_MINUTES", 15, minimum=1))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "yingheng.tenancy.views.account.locked_out"
AXES_SENSITIVE_PARAMETERS = ["password"]
AXES_VERBOSE = False

# --- transport and content security ----------------------------------------------------------------------------------
HTTPS = env_bool("YINGHENG_HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = env_list("YINGHENG_TRUSTED_ORIGINS")
if env_bool("YINGHENG_BEHIND_PROXY", default=False):  # the client's address is then set by the ASGI server
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}

# --- language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
LANGUAGE_COOKIE_NAME = "yingheng_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- static files ----------------------------------------------------------------------------------------------------
STATIC_URL = "static/"  # served from the installed package: no STATIC_ROOT, no collecting step to forget

WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"/dist/assets/"  # the bundler puts the hash of the content into these names
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ADD_HEADERS_FUNCTION = add_headers

# --- programs --------------------------------------------------------------------------------------------------------
YINGHENG_STOW_MOST_BYTES = env_int("YINGHENG_STOW_MOST_MB", 4096, minimum=1) * 1024**2  # of one message

# --- jobs ------------------------------------------------------------------------------------------------------------
YINGHENG_JOB_ROUTES = env_str("YINGHENG_JOB_ROUTES", "yingheng.pipeline.routes.ROUTES")
YINGHENG_CHORES = env_str("YINGHENG_CHORES", "yingheng.pipeline.chores.CHORES")
YINGHENG_JOB_SECONDS = env_int("YINGHENG_JOB_SECONDS", 600, minimum=1)
YINGHENG_JOB_MEMORY_MB = env_int("YINGHENG_JOB_MEMORY_MB", 4096, minimum=256)
YINGHENG_JOB_LEASE_SECONDS = env_int("YINGHENG_JOB_LEASE_SECONDS", 60, minimum=3)
YINGHENG_QUIET_SECONDS = env_int("YINGHENG_QUIET_SECONDS", 120, minimum=1)  # then nothing more is expected
YINGHENG_PIXEL_DAYS = env_int("YINGHENG_PIXEL_DAYS", 30, minimum=1)  # for hospitals without a rule of their own

YINGHENG_REVIEW_TARGETS = env_list("YINGHENG_REVIEW_TARGETS")  # own lines of film review: mean=90, excellent=50 …

# --- results out -----------------------------------------------------------------------------------------------------
YINGHENG_MLLP_HOST = env_str("YINGHENG_MLLP_HOST", "0.0.0.0")  # noqa: S104 - who may call is a list of addresses
YINGHENG_MLLP_PORT = env_int("YINGHENG_MLLP_PORT", 0, minimum=0)  # HL7 v2 messages; 0: not taken

YINGHENG_WATCH_ROOTS = env_list("YINGHENG_WATCH_ROOTS")  # folders below which pages may have folders watched

YINGHENG_PUBLIC_URL = env_str("YINGHENG_PUBLIC_URL", "")  # how others reach these pages: begins links in notices
YINGHENG_WEBHOOK_LOCAL = env_bool("YINGHENG_WEBHOOK_LOCAL", default=False)  # notices to this machine and its links

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"axes": {"level": "WARNING"}, "pynetdicom": {"level": "CRITICAL"}},
    "root": {"handlers": ["console"], "level": env_str("YINGHENG_LOG_LEVEL", "INFO")},
}
