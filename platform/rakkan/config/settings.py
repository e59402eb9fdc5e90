"""Django's settings, from the environment alone."""

import os
import sys
from pathlib import Path

from rakkan.config.environment import (
    at_most,
    database_of,
    mail_of,
    number,
    one_of,
    origin_of,
    required,
    storage_of,
    witnesses_of,
)
from rakkan.config.providers import providers_of

BASE_DIR = Path(__file__).resolve().parents[3]
FRONTEND_DIR = BASE_DIR / "frontend"
if not FRONTEND_DIR.is_dir():  # installed from a wheel: the folder lies inside the package
    FRONTEND_DIR = Path(__file__).resolve().parents[1] / "frontend"
# Cards of the models that workers use, which evidence packs carry; beside this program, or nowhere.
RAKKAN_MODEL_CARDS = os.environ.get("RAKKAN_MODEL_CARDS") or str(
    Path(__file__).resolve().parents[2 if FRONTEND_DIR.parent != BASE_DIR else 3]
    / "generation"
    / "weights"
)

RAKKAN_ENV = one_of("RAKKAN_ENV", "development", "production")
SECRET_KEY = required("RAKKAN_SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("RAKKAN_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

RAKKAN_KEYS = required("RAKKAN_KEYS")
RAKKAN_TRUST = required("RAKKAN_TRUST")
RAKKAN_WORKER_TOKEN = required("RAKKAN_WORKER_TOKEN")
RAKKAN_PUBLIC_URL = os.environ.get("RAKKAN_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
TSA_URL = required("TSA_URL")
RAKKAN_SIGNER = os.environ.get("RAKKAN_SIGNER", "")  # where the key is that signs videos
RAKKAN_EVIDENCE_SIGNER = os.environ.get("RAKKAN_EVIDENCE_SIGNER", "")  # and evidence packs
# The log: the name its checkpoints state, for ever, and how often there is a new one at most.
RAKKAN_LOG_ORIGIN = os.environ.get("RAKKAN_LOG_ORIGIN") or origin_of(RAKKAN_PUBLIC_URL)
RAKKAN_CHECKPOINT_SECONDS = number("RAKKAN_CHECKPOINT_SECONDS", 5)
RAKKAN_WITNESSES = witnesses_of(os.environ.get("RAKKAN_WITNESSES", ""))
RAKKAN_SELF_CHECK_SECONDS = number("RAKKAN_SELF_CHECK_SECONDS", 300)
EMAIL_URL = os.environ.get("EMAIL_URL") or "console:"
globals().update(mail_of(EMAIL_URL))
DEFAULT_FROM_EMAIL = os.environ.get("RAKKAN_MAIL_FROM") or "Rakkan <rakkan@localhost>"

# Engines that draw -> the Celery queue of their workers; measurements go to "cpu".
RAKKAN_ENGINE_QUEUES = {"mesh": "cpu", "portraittalk": "gpu"}
RAKKAN_PRESENT_SECONDS = number("RAKKAN_PRESENT_SECONDS", 90)  # a worker is here after it said so
RAKKAN_LEASE_SECONDS = number("RAKKAN_LEASE_SECONDS", 30)
RAKKAN_HEARTBEAT_SECONDS = number("RAKKAN_HEARTBEAT_SECONDS", 5)
RAKKAN_RESEND_SECONDS = number("RAKKAN_RESEND_SECONDS", 20)
RAKKAN_RECONCILE_SECONDS = number("RAKKAN_RECONCILE_SECONDS", 5)
RAKKAN_PERMIT_SECONDS = number("RAKKAN_PERMIT_SECONDS", 3600)
RAKKAN_APPROVAL_DAYS = number("RAKKAN_APPROVAL_DAYS", 14)
RAKKAN_CONFIRM_SECONDS = at_most("RAKKAN_CONFIRM_SECONDS", 300)  # decisions: how recent
RAKKAN_PREVIEW_SECONDS = number("RAKKAN_PREVIEW_SECONDS", 6)  # of the voice track, from its start
RAKKAN_PREVIEW_HOURS = number("RAKKAN_PREVIEW_HOURS", 72)  # then it is destroyed, decided or not
RAKKAN_PACK_DAYS = number("RAKKAN_PACK_DAYS", 14)  # then an evidence pack is deleted
RAKKAN_CHALLENGE_SECONDS = at_most("RAKKAN_CHALLENGE_SECONDS", 60)  # to answer it in, once
RAKKAN_BIOMETRIC_DAYS = number("RAKKAN_BIOMETRIC_DAYS", 3 * 365)  # templates destroyed by then
# Hosts that webhooks may reach although they are not public, or speak plain http.
RAKKAN_WEBHOOK_PRIVATE_HOSTS = frozenset(
    filter(None, os.environ.get("RAKKAN_WEBHOOK_PRIVATE_HOSTS", "").split(","))
)
RAKKAN_MAX_AUDIO_SECONDS = number("RAKKAN_MAX_AUDIO_SECONDS", 600)
RAKKAN_MAX_OUTPUT_BYTES = int(number("RAKKAN_MAX_OUTPUT_BYTES", 2 << 30))

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.usersessions",
    "rakkan.core.apps.CoreConfig",
    "rakkan.vault.apps.VaultConfig",
    "rakkan.audit.apps.AuditConfig",
    "rakkan.accounts.apps.AccountsConfig",
    "rakkan.likenesses.apps.LikenessesConfig",
    "rakkan.identity.apps.IdentityConfig",
    "rakkan.consents.apps.ConsentsConfig",
    "rakkan.approvals.apps.ApprovalsConfig",
    "rakkan.dispatch.apps.DispatchConfig",
    "rakkan.releases.apps.ReleasesConfig",
    "rakkan.previews.apps.PreviewsConfig",
    "rakkan.webhooks.apps.WebhooksConfig",
    "rakkan.productions.apps.ProductionsConfig",
    "rakkan.evidence.apps.EvidenceConfig",
    "rakkan.verification.apps.VerificationConfig",
    "rakkan.lifecycle.apps.LifecycleConfig",
    "rakkan.inspection.apps.InspectionConfig",
    "rakkan.api.apps.ApiConfig",
    "rakkan.pages.apps.PagesConfig",
    "rakkan.config.apps.ConfigConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "rakkan.core.requests.RequestIdMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "rakkan.accounts.middleware.TenantMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rakkan.pages.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "rakkan.pages.limits.UploadLimitMiddleware",
]

ROOT_URLCONF = "rakkan.config.urls"
WSGI_APPLICATION = "rakkan.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FRONTEND_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rakkan.pages.context.roles",
            ]
        },
    }
]

# RAKKAN_MIGRATE_DATABASE_URL is set for `manage.py prepare` only: the role that owns the tables.
DATABASES = {
    "default": database_of(
        os.environ.get("RAKKAN_MIGRATE_DATABASE_URL") or required("DATABASE_URL")
    )
}
# Attempts to sign in are counted here: PostgreSQL is the one server every installation has (0041).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "KEY_FUNCTION": "rakkan.core.cache.cache_key",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},  # culling would forget attempts
    }
}
ALLAUTH_TRUSTED_PROXY_COUNT = int(number("RAKKAN_TRUSTED_PROXIES", 0))  # in front of the web
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # nothing may use it
    "blobs": storage_of(required("STORAGE_URL")),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if _log := os.environ.get("RAKKAN_LOG_STORAGE_URL"):  # unset: log/ in the storage of files
    STORAGES["log"] = storage_of(_log, replaces=True)

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
# allauth: a second factor's secret is stored encrypted, and its codes count once (0040).
AUTHENTICATION_BACKENDS = ["rakkan.accounts.backends.Backend"]
ACCOUNT_ADAPTER = "rakkan.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "rakkan.accounts.forms.SignInForm",
    "reset_password": "rakkan.accounts.forms.PasswordResetForm",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Rakkan] "
ACCOUNT_SESSION_REMEMBER = True  # until the session's age is over
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # there is no sign-up; a check wants it said
ACCOUNT_EMAIL_VERIFICATION = "none"
# Identity providers of organisations (0042).
RAKKAN_PROVIDERS, SOCIALACCOUNT_PROVIDERS = providers_of(
    os.environ.get("RAKKAN_PROVIDERS_FILE", "")
)
SOCIALACCOUNT_ADAPTER = "rakkan.accounts.federation.FederationAdapter"
MFA_ADAPTER = "rakkan.accounts.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_FORMS = {
    "authenticate": "rakkan.accounts.forms.SecondFactorForm",
    "authenticate_webauthn": "rakkan.accounts.forms.SecondFactorPasskeyForm",
    "login_webauthn": "rakkan.accounts.forms.PasskeyOnlyForm",
    "activate_totp": "rakkan.accounts.forms.AppForm",
    "add_webauthn": "rakkan.accounts.forms.PasskeyForm",
}
MFA_TOTP_ISSUER = "Rakkan"
MFA_TOTP_PERIOD = 30  # seconds
MFA_TOTP_TOLERANCE = 1  # a code of the period before or after: clocks of telephones differ

LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in"

PASSWORD_RESET_TIMEOUT = 3600  # seconds

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [FRONTEND_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [FRONTEND_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # no collectstatic step; the few files are read once at start
WHITENOISE_AUTOREFRESH = False

_SECURE = RAKKAN_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_AGE = 12 * 3600  # seconds
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = _SECURE
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "media-src": ["'self'", "blob:"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 << 20

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rakkan.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "rakkan.api.permissions.HasSecondFactor",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "rakkan.api.parsers.BoundedJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "rakkan.api.problems.handle",
    "DEFAULT_PAGINATION_CLASS": "rakkan.api.pagination.Newest",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Rakkan",
    "DESCRIPTION": "Governed talking-portrait videos.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
}

CELERY = {
    "broker_url": required("BROKER_URL"),
    "broker_connection_retry_on_startup": True,
    "task_ignore_result": True,
    # Celery would connect anew for every task; rakkan.config.celery ends what is broken or old.
    "CELERY_DB_REUSE_MAX": sys.maxsize,
    "task_default_queue": "default",
    "task_routes": {
        "rakkan.productions.seal": {"queue": "seal"},
        "rakkan.evidence.pack": {"queue": "seal"},
        "rakkan.productions.read_preview": {"queue": "seal"},
    },
    # PostgreSQL holds lease and state, so a message may be acknowledged as soon as it is taken.
    "task_acks_late": False,
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 20,
    "worker_hijack_root_logger": False,
    # Whoever can reach the broker could shut workers down with it.
    "worker_enable_remote_control": False,
    "beat_schedule": {
        "reconcile": {
            "task": "rakkan.productions.reconcile",
            "schedule": RAKKAN_RECONCILE_SECONDS,
            "options": {"expires": RAKKAN_RECONCILE_SECONDS},
        },
        "remind": {
            "task": "rakkan.productions.remind",
            "schedule": 60.0,
            "options": {"expires": 60.0},
        },
        "forget": {
            "task": "rakkan.accounts.forget",
            "schedule": 600.0,
            "options": {"expires": 600.0},
        },
        "webhooks": {
            "task": "rakkan.webhooks.deliver",
            "schedule": 5.0,
            "options": {"expires": 5.0},
        },
        "packs": {
            "task": "rakkan.evidence.tend",
            "schedule": 15.0,
            "options": {"expires": 15.0},
        },
        "resume-erasures": {
            "task": "rakkan.lifecycle.resume",
            "schedule": 60.0,
            "options": {"expires": 60.0},
        },
        "retention": {
            "task": "rakkan.lifecycle.retention",
            "schedule": 86_400.0,
            "options": {"expires": 86_400.0},
        },
        "sequence": {
            "task": "rakkan.audit.sequence",
            "schedule": 1.0,
            "options": {"expires": 2.0},
        },
        "self-check": {
            "task": "rakkan.config.self_check",
            "schedule": RAKKAN_SELF_CHECK_SECONDS,
            "options": {"expires": RAKKAN_SELF_CHECK_SECONDS},
        },
        "months": {
            "task": "rakkan.audit.months",
            "schedule": 43_200.0,
            "options": {"expires": 43_200.0},
        },
        "index": {
            "task": "rakkan.inspection.index",
            "schedule": 1.0,
            "options": {"expires": 2.0},
        },
        "inspect": {
            "task": "rakkan.inspection.hourly",
            "schedule": 3_600.0,
            "options": {"expires": 3_600.0},
        },
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"route": {"()": "rakkan.core.logs.RouteOnly"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["route"]}
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("RAKKAN_LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "fido2": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
        "pyhanko": {"level": "WARNING"},
    },  # a line for every request says nothing
}
