"""Every setting of videoserver, read from the environment (and `.env`). A bad value stops the start with a sentence.

One long page on purpose: whoever looks for a setting looks here.
"""

import logging
import os
import re
import secrets
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from videoserver import environment
from videoserver.web import logs
from videoserver.work import fault_words, sqlite

VERSION = "0.1.0"
BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.Environment()
environ.Env.read_env(BASE_DIR / ".env")


def flag(name: str, default: bool) -> bool:
    word = env.str(name, default="1" if default else "0").strip().lower()
    if word not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, but it is {word!r}.")
    return word in {"1", "true", "yes", "on"}


def whole(name: str, default: int, least: int, most: int) -> int:
    text = env.str(name, default=str(default)).strip()
    if not text.lstrip("-").isdigit() or not least <= int(text) <= most:
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, but it is {text!r}.")
    return int(text)


def decimal(name: str, default: float, least: float, most: float) -> float:
    text = env.str(name, default=str(default))
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name} must be a number from {least} to {most}, but it is {text!r}.")
    return number


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    word: str = env.str(name, default=default).strip()
    if word not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, but it is {word!r}.")
    return word


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in env.str(name, default=default).split(",") if word.strip()]


def networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses, or networks such as 10.0.0.0/8."""
    found = []
    for word in words(name):
        try:
            found.append(ip_network(word))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} must name addresses or networks such as 10.0.0.0/8, but it names {word!r}: {error}."
            ) from None
    return tuple(found)


def cluster_name(name: str, text: str) -> str:
    """What workers elsewhere are called; empty for none."""
    if text and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}", text):
        raise ImproperlyConfigured(f"{name} must be a name of letters, digits, '-', '_' and '.', but it is {text!r}.")
    if text in QUEUES:
        raise ImproperlyConfigured(f"{name} must be a new name, but {text!r} is a queue that every machine has.")
    return text


def rate(name: str, default: str) -> str:
    text: str = env.str(name, default=default).strip()
    if text and not re.fullmatch(r"[1-9][0-9]{0,8}/(s|min|hour|day)", text):
        raise ImproperlyConfigured(f"{name} must be a rate such as 1200/min, or empty for none, but it is {text!r}.")
    return text


def secret_key(data_dir: Path, debug: bool) -> str:
    """The configured key; on a laptop one is generated and kept, so that sessions survive a restart."""
    if given := env.str("SECRET_KEY", default=""):
        return str(given)
    if not debug:
        raise ImproperlyConfigured("SECRET_KEY must be set when DEBUG is 0: give it 50 random characters.")
    kept = data_dir / "secret_key"
    if not kept.exists():
        # Complete before it has its name: of two processes that start at once both read the same key.
        draft = kept.with_name(f".{kept.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(draft, kept)
        draft.unlink()
    try:
        key = kept.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"The kept SECRET_KEY cannot be read: {kept}: {error.strerror}.") from error
    if not key:
        raise ImproperlyConfigured(f"The kept SECRET_KEY is empty: remove {kept}, and a new one is made.")
    return key


def database(data_dir: Path) -> dict[str, Any]:
    url = env.str("DATABASE_URL", default="") or f"sqlite:///{data_dir / 'videoserver.sqlite3'}"
    try:
        config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    except Exception:  # noqa: BLE001 - whatever it says may hold a part of the password
        wanted = "postgres://user:password@host:5432/name or sqlite:///path; a special sign in it as %40"
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: write it as {wanted}.") from None
    if config.get("ENGINE") == "django.db.backends.sqlite3":
        config["NAME"] = environment.sqlite_file(str(config["NAME"]))
        # Deferred transactions that turn into writers fail at once with "database is locked"; immediate ones wait.
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            "factory": sqlite.Connection,
        }
    elif config.get("ENGINE") == "django.db.backends.postgresql":
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
        if not config.get("NAME"):
            raise ImproperlyConfigured("DATABASE_URL must name a database: postgres://user:password@host:5432/name.")
        # A server that has vanished is noticed: without these a connect waits for two minutes, a read for ever.
        config["OPTIONS"] = {
            "connect_timeout": 5,
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            **config.get("OPTIONS", {}),
        }
    else:
        raise ImproperlyConfigured("DATABASE_URL must be sqlite:///… or postgres://…")
    return config


DATA_DIR = environment.folder("DATA_DIR", Path(env.str("DATA_DIR", default="") or BASE_DIR / "var"))
DEBUG = flag("DEBUG", True)
SECRET_KEY = secret_key(DATA_DIR, DEBUG)
if not DEBUG and env.str("FAULTS", default=""):
    raise ImproperlyConfigured("FAULTS is for tests: it must be empty when DEBUG is 0.")
try:
    fault_words.parse(env.str("FAULTS", default=""))
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else ""))
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name at least one host when DEBUG is 0.")
PORT = whole("PORT", 8000, 1, 65535)
PUBLIC_URL = environment.public_url("PUBLIC_URL", env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}"))
PUBLIC_URL_IS_SET = bool(env.str("PUBLIC_URL", default=""))
TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS", words("CSRF_TRUSTED_ORIGINS"))
WEB_THREADS = whole("WEB_THREADS", 16, 2, 256)
WORKERS = whole("WORKERS", 2, 1, 256)
BROKER_URL = environment.broker_url("BROKER_URL", env.str("BROKER_URL", default="")) or environment.broker_url(
    "REDIS_URL", env.str("REDIS_URL", default="")
)
STORAGE = choice("STORAGE", "local", ("local",))
LOG_FORMAT = choice("LOG_FORMAT", "text", ("text", "json"))
QUEUES = ("default", "media_import", "render")
RENDER_CLUSTER = cluster_name("RENDER_CLUSTER", env.str("RENDER_CLUSTER", default="").strip())
SERVABLE = (*QUEUES, RENDER_CLUSTER) if RENDER_CLUSTER else QUEUES
WORKER_QUEUES = words("WORKER_QUEUES", ",".join(QUEUES)) or list(QUEUES)
if unknown := set(WORKER_QUEUES) - set(SERVABLE):
    raise ImproperlyConfigured(f"WORKER_QUEUES may name {', '.join(SERVABLE)}, but not {', '.join(sorted(unknown))}.")
WORKER_NAME = env.str("WORKER_NAME", default="")
MAX_UPLOAD_BYTES = whole("MAX_UPLOAD_BYTES", 5 * 1024**3, 1024, 1024**4)
MAX_IMPORT_BYTES = whole("MAX_IMPORT_BYTES", 5 * 1024**3, 1024, 1024**4)
IMPORT_ALLOWED_HOSTS = environment.places("IMPORT_ALLOWED_HOSTS", words("IMPORT_ALLOWED_HOSTS"))
IMPORT_TIMEOUT = whole("IMPORT_TIMEOUT", 300, 1, 86400)
VIDEO_IMPORT_DEADLINE = whole("VIDEO_IMPORT_DEADLINE", 1800, 1, 86400)
IMAGE_IMPORT_DEADLINE = whole("IMAGE_IMPORT_DEADLINE", 600, 1, 86400)
SEGMENT_CACHE_BYTES = whole("SEGMENT_CACHE_BYTES", 10 * 1024**3, 0, 1024**5)
RENDER_TIMEOUT = whole("RENDER_TIMEOUT", 600, 1, 86400)
PROCESS_TIMEOUT = whole("PROCESS_TIMEOUT", 300, 1, 86400)
MAX_RETRIES = whole("MAX_RETRIES", 2, 0, 20)
RETRY_BACKOFF = whole("RETRY_BACKOFF", 30, 0, 3600)
COST_VARIANCE_THRESHOLD = decimal("COST_VARIANCE_THRESHOLD", 1.2, 1, 100)
RESULT_TTL = whole("RESULT_TTL", 3600, 1, 30 * 86400)
WORKSPACE_MAX_AGE = whole("WORKSPACE_MAX_AGE", 3600, 1, 30 * 86400)
REQUIRE_FOUR_EYES = flag("REQUIRE_FOUR_EYES", False)
FFMPEG_BINARY = env.str("FFMPEG_BINARY", default="")
X264_PRESET = choice(
    "X264_PRESET",
    "veryfast",
    ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"),
)
X264_CRF = whole("X264_CRF", 20, 1, 51)  # 0 is lossless, which the profile High does not have
MOVIEPY_LAYERS = words("MOVIEPY_LAYERS")
CURRENCY = env.str("CURRENCY", default="USD")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",  # pages are loaded with the URLs: workers and commands need none
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "django_structlog",
    "videoserver",
    "videoserver.web",
    "videoserver.work",
    "videoserver.access",
    "media_assets",
    "rendering",
]
MIDDLEWARE = [
    "videoserver.web.measure.middleware",
    "videoserver.web.proxies.TrustedProxies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "videoserver.web.request_log.RequestLog",
    "videoserver.refuse_writes.RefuseWrites",
]
ROOT_URLCONF = "videoserver.urls"
WSGI_APPLICATION = "videoserver.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DATABASES = {"default": database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES: dict[str, dict[str, Any]] = {
    name: (
        {"BACKEND": f"videoserver.web.caches.{backend}", "LOCATION": BROKER_URL}
        if BROKER_URL
        else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": table, "OPTIONS": options}
    )
    # A full table loses entries that are still good: a picture is made again, but a lost counter is a free pass.
    for name, backend, table, options in (
        ("default", "Pictures", "cache", {}),
        ("counters", "Counters", "counters", {"MAX_ENTRIES": 100_000}),
    )
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "files"}},
    "media": {"BACKEND": "media_assets.storage.local.LocalStorage", "OPTIONS": {"location": str(DATA_DIR / "media")}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
SEGMENTS_DIR = DATA_DIR / "segments"
WORKSPACES_DIR = DATA_DIR / "workspaces"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LOGGING = logs.config(LOG_FORMAT, VERSION)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO

# --- the API ---
API_RATE = rate("API_RATE", "1200/min")
CSRF_FAILURE_VIEW = "videoserver.web.handlers.csrf_failure"
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "videoserver.web.problems.exception_handler",
    # The key stands first: its authenticate_header makes an unknown caller's answer 401.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "videoserver.access.authentication.ApiKeyAuthentication",
        "videoserver.access.authentication.SessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["videoserver.access.throttling.CallerThrottle"],
    "DEFAULT_PERMISSION_CLASSES": ["videoserver.web.permissions.IsCaller"],
    "DEFAULT_PARSER_CLASSES": [
        "videoserver.web.parsers.BoundedJSON",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "videoserver.web.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "videoserver",
    "DESCRIPTION": "Storyboards, a human gate, renders, media. Errors are application/problem+json with stable codes.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "videoserver.web.openapi.add_conventions",
    ],
}
UNFOLD = {
    "SITE_TITLE": "videoserver",
    "SITE_HEADER": "videoserver",
    "SITE_SUBHEADER": "Storyboards, review, renders",
    "SITE_SYMBOL": "movie",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"{STATIC_URL}rendering/icon.svg"}],
    "STYLES": [f"{STATIC_URL}rendering/review.css"],
    "SIDEBAR": {"navigation": "rendering.admin.navigation.groups"},
    "DASHBOARD_CALLBACK": "rendering.admin.dashboard.fill",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "238 244 255",
            "100": "217 230 255",
            "200": "188 212 255",
            "300": "142 187 255",
            "400": "89 151 255",
            "500": "51 115 255",
            "600": "11 95 255",
            "700": "9 75 214",
            "800": "14 63 173",
            "900": "18 57 136",
            "950": "16 36 83",
        },
    },
}

# Durable work: the row decides about retries, the queue is a doorbell (django-q2 only delivers).
WORK_LEASE = whole("WORK_LEASE", 60, 2, 3600)
# What the worker's supervisor also does once a minute.
WORK_CHORES = (
    "videoserver.work.ended.fold",
    "videoserver.web.housekeeping.sweep",
    "rendering.workflow.ephemeral.sweep",
    "rendering.workflow.newer.tell",
    "rendering.workflow.stored_segments.sweep",
    "media_assets.worker_notes.write",
    "media_assets.forgotten.sweep",
)
# Each says in a sentence why this process must do no work, or nothing.
WORK_CONDITIONS = (
    "videoserver.schema_fit.problem",
    "videoserver.work.agreement.secret_problem",
    "media_assets.identity.problem",
)
WORKER_ABOUT = "videoserver.this_worker.about"
CACHES["queue"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
Q_CLUSTER: dict[str, Any] = {
    "name": "videoserver",  # also the signing salt: never change it with a full queue
    "workers": WORKERS,
    "queue_limit": 1,
    "bulk": 1,  # with queue_limit the least prefetch: a message's lock starts when it is fetched into memory
    "timeout": 3600,
    # A backstop: longer than everything that may be fetched before it can take, or a message runs twice at once.
    "retry": (-(-2 // WORKERS) + 1) * (3600 + 5) + 600,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
    "guard_cycle": 0.5,  # a power of two: django-q2 compares its sums with 0
    "recycle": 500,
    "poll": 0.1,
    "cache": "queue",  # its heartbeat would be a write to the database twice a second; ours is in work.Worker
    "ALT_CLUSTERS": {queue: {} for queue in SERVABLE},
    **(
        {"redis": BROKER_URL, "broker_class": "videoserver.work.doorbell.RedisQueue"}
        if BROKER_URL
        else {"orm": "default"}
    ),
}

env.refuse_slips()  # at the end, when every name has been read
