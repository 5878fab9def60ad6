"""Operator settings: environment variables DOORSTEP_* over one TOML file, checked at start."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import pydantic
import pydantic_core
import pydantic_settings
from pydantic import Field, SecretStr

from doorstep.kernel import errors, queues

PREFIX = "DOORSTEP_"
CONFIG_VARIABLE = "DOORSTEP_CONFIG"
DEFAULT_CONFIG = Path("doorstep.toml")
_MIN_SECRET = 32

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Status = Literal["ok", "warn", "fail"]


def _default_data_dir() -> Path:
    """Per user as XDG says; as root /var/lib, because the unprivileged database server cannot enter /root."""
    if base := os.environ.get("XDG_DATA_HOME"):
        return Path(base) / "doorstep"
    return Path("/var/lib/doorstep") if os.geteuid() == 0 else Path.home() / ".local/share/doorstep"


class Settings(pydantic_settings.BaseSettings):
    """Everything that a process reads at start. Partner accounts are connections, in the database."""

    model_config = pydantic_settings.SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    environment: Literal["production", "demo", "test"] = Field(
        default="production", description="production | demo | test"
    )
    database_url: SecretStr | None = Field(
        default=None, description="any PostgreSQL >= 15; unset means the embedded one"
    )
    pg_bin: Path | None = Field(
        default=None, description="folder of PostgreSQL programs for the embedded server"
    )
    data_dir: Path = Field(default_factory=_default_data_dir, description="embedded database, keys, files")
    secret_key: SecretStr | None = Field(
        default=None, description="encrypts connection secrets; new,old while rotating"
    )
    clock_file: Path | None = Field(
        default=None, description="shifts the clock of demos; never in production"
    )

    host: str = Field(default="127.0.0.1", description="address the web process listens on")
    port: int = Field(default=8700, ge=1, le=65535, description="port the web process listens on")
    public_url: str = Field(
        default_factory=lambda data: f"http://{data['host']}:{data['port']}",
        description="where partners and browsers reach this installation",
    )
    webhook_body_limit_bytes: Count = Field(
        default=5_000_000, description="a larger webhook body is rejected unread"
    )
    webhook_rate_per_second: Count = Field(
        default=2_000, description="webhooks per second that one connection may send to one web process"
    )
    webhook_longest_wait_seconds: Seconds = Field(
        default=5.0,
        description="senders are asked to retry while storing lags by more than this",
    )

    api_body_limit_bytes: Count = Field(
        default=32 * 1024 * 1024,
        description="a larger body of an API call is rejected unread (files have a limit of their own)",
    )
    request_timeout_seconds: Seconds = Field(
        default=30.0,
        description="a client that sends nothing for this long, or its headers more slowly, is cut off",
    )
    requests_per_second: Count = Field(
        default=500, description="API calls and pages per second of one account, for each web process"
    )
    strangers_per_second: Count = Field(
        default=10,
        description="calls and sign-ins per second without valid credentials from one client address",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count, as in 10.0.0.0/8",
    )
    metrics_addresses: str = Field(
        default="",
        description="addresses and networks that may read /metrics besides this machine, as in 10.1.2.3,10.2.0.0/16",
    )

    delivers_to: str = Field(
        default="IN",
        pattern="^[A-Z]{2}(,[A-Z]{2})*$",
        description="countries that orders may be sent to, as in IN,NP; others are held",
    )
    home_currency: str = Field(
        default="INR", pattern="^[A-Z]{3}$", description="currency of reports while there are no orders"
    )
    parcel_packaging_grams: int = Field(default=120, ge=0, description="weight of an empty parcel")
    parcel_size_mm: str = Field(
        default="300x250x80",
        pattern=r"^[1-9]\d*x[1-9]\d*x[1-9]\d*$",
        description="length, width and height of the standard parcel",
    )

    count_tolerance_units: int = Field(
        default=0, ge=0, description="a count with at most this variance per line is approved automatically"
    )
    count_tolerance_percent: int = Field(
        default=0, ge=0, le=100, description="the same, as a percentage of the expected quantity"
    )

    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2}(_[A-Z]{2})?$",
        description="language of console and mails; en, or a catalog in doorstep/locale",
    )

    log_format: Literal["json", "console"] = Field(default="json", description="json | console")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe level shown"
    )

    transfer_days: str = Field(
        default="50:1,300:2,1000:3,*:5",
        pattern=r"^(\d+:\d+,)*\*:\d+$",
        description="days that a transfer takes, by straight-line distance in km; * is any longer distance",
    )

    pool_size: Count = Field(default=10, description="database connections per process")
    worker_processes: str = Field(
        default="orders=1,steps=1,calls=1,messages=1,files+calculations=1",
        description="processes that `doorstep worker` starts, by queue; all=1 is one for everything",
    )
    calls_per_connection: Count = Field(
        default=8, description="calls to one partner at the same time, by all workers together"
    )
    batch_size: Count = Field(default=100, description="jobs claimed at once")
    intake_batch_size: Count = Field(
        default=1000, description="webhooks, or orders to be routed, that a worker takes in one transaction"
    )
    lease_seconds: Seconds = Field(
        default=120.0, description="time after which another worker takes an unfinished job"
    )
    poll_seconds: Seconds = Field(
        default=5.0, description="longest wait of a worker for a notification that was lost"
    )
    max_attempts: Count = Field(default=12, description="attempts before a job becomes a dead letter")
    retry_base_seconds: Seconds = Field(
        default=1.0, description="first wait between attempts; doubles each time"
    )
    retry_longest_seconds: Seconds = Field(default=3600.0, description="longest wait between attempts")
    http_timeout_seconds: Seconds = Field(default=20.0, description="longest wait for a partner's response")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[pydantic_settings.BaseSettings],
        init_settings: pydantic_settings.PydanticBaseSettingsSource,
        env_settings: pydantic_settings.PydanticBaseSettingsSource,
        dotenv_settings: pydantic_settings.PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: pydantic_settings.PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[pydantic_settings.PydanticBaseSettingsSource, ...]:
        """Arguments override the environment, which overrides the file."""
        file = pydantic_settings.TomlConfigSettingsSource(settings_cls, toml_file=config_path())
        return init_settings, env_settings, file

    @pydantic.field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value and urlsplit(value.get_secret_value()).scheme not in {"postgresql", "postgres"}:
            raise ValueError(
                "must start with postgresql://, as in postgresql://user:password@host:5432/doorstep"
            )
        return value

    @pydantic.field_validator("secret_key")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value and any(len(key.strip()) < _MIN_SECRET for key in value.get_secret_value().split(",")):
            raise ValueError(
                f"each key needs at least {_MIN_SECRET} characters, for example from: openssl rand -hex 32"
            )
        return value

    @pydantic.field_validator("worker_processes")
    @classmethod
    def _names_queues(cls, value: str) -> str:
        try:
            queues.processes(value)
        except errors.Invalid as problem:
            raise ValueError(problem.message) from problem
        return value

    @pydantic.field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be a web address such as https://oms.example.com")
        return value.rstrip("/")

    @pydantic.field_validator("trusted_proxies", "metrics_addresses")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for each in filter(None, map(str.strip, value.split(","))):
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(f"{each} is not an address or a network such as 10.0.0.0/8") from None
        return value

    @pydantic.field_validator("data_dir", "pg_bin", "clock_file")
    @classmethod
    def _is_absolute(cls, value: Path | None) -> Path | None:
        return value and Path(os.path.abspath(value.expanduser()))  # noqa: PTH100 - resolve() would follow links

    @pydantic.model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.lease_seconds <= self.http_timeout_seconds:
            raise ValueError(
                "lease_seconds must be longer than http_timeout_seconds, or a job still waiting for a partner "
                "is given to a second worker"
            )
        if self.environment == "production" and self.clock_file:
            raise ValueError(
                "clock_file moves the clock and is for demo and test only: unset it in production"
            )
        return self


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doorstep doctor`: a setting, its value (secrets hidden), its origin, and what to do about it."""

    name: str
    value: str
    source: str
    status: Status = "ok"
    advice: str = ""


def config_path() -> Path | None:
    """The TOML file in force: named by DOORSTEP_CONFIG, else ./doorstep.toml if there is one."""
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named).expanduser()
    return DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None


def load(**overrides: object) -> Settings:
    """Settings from arguments, environment and file; raises Invalid that lists every problem in plain words."""
    file_keys = _read_file()
    problems = _unknown(file_keys)
    known = {name for name in file_keys if name in Settings.model_fields}
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type] # pydantic checks the values
    except pydantic.ValidationError as failure:
        problems += [_in_words(error, known) for error in failure.errors() if _is_news(error)]
    except pydantic_settings.SettingsError as failure:
        problems.append(str(failure))
    if problems:
        listing = "\n".join(f"  - {problem}" for problem in problems)
        raise errors.Invalid(f"The settings need attention:\n{listing}", problems=problems)
    return settings


def explain(settings: Settings) -> list[Finding]:
    """Every setting with its origin and advice, in the order of declaration."""
    judgements = _judge(settings)
    file_keys = _read_file()
    findings = []
    for name in Settings.model_fields:
        status, advice = judgements.get(name, ("ok", ""))
        findings.append(
            Finding(name, _shown(settings, name), _source(name, settings, file_keys), status, advice)
        )
    return findings


def _read_file() -> Mapping[str, object]:
    path = config_path()
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise errors.Invalid(
            f"{CONFIG_VARIABLE} names {path}, which does not exist.", field=CONFIG_VARIABLE
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise errors.Invalid(f"{path} cannot be read as TOML: {problem}", field=CONFIG_VARIABLE) from problem


# Settings by an earlier name.
RENAMED = {
    "count_tolerance_pieces": "count_tolerance_units",
    "worker_threads": "calls_per_connection",
}


def _unknown(file_keys: Mapping[str, object]) -> list[str]:
    """Unknown names, with a suggestion for near matches: most are typing errors."""
    known = list(Settings.model_fields)
    variables = [
        key for key in os.environ if key.upper().startswith(PREFIX) and key.upper() != CONFIG_VARIABLE
    ]
    unknown = [(key, key[len(PREFIX) :].lower(), PREFIX) for key in variables]
    unknown += [(f"{key} in {config_path()}", key, "") for key in file_keys]
    return [_hint(shown, name, known, prefix) for shown, name, prefix in unknown if name not in known]


def _hint(shown: str, name: str, known: Sequence[str], prefix: str) -> str:
    if name in RENAMED:
        return (
            f"{shown} is now {prefix.upper()}{RENAMED[name].upper() if prefix else RENAMED[name]}: rename it."
        )
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    wanted = (prefix + near[0]).upper() if near and prefix else "".join(near)
    return f"{shown} is not a setting" + (f"; did you mean {wanted}?" if near else ".")


def _is_news(error: Mapping[str, object]) -> bool:
    """Unknown keys are reported elsewhere, and a default that depends on a broken field is not an error."""
    return error["type"] not in {"extra_forbidden", "default_factory_not_called"}


def _in_words(error: pydantic_core.ErrorDetails, file_keys: set[str]) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    message = error["msg"].removeprefix("Value error, ")
    if not name:
        return message
    variable = PREFIX + name.upper()
    place = f"{name} in {config_path()}" if name in file_keys and variable not in os.environ else variable
    return f"{place}: {message[0].lower()}{message[1:]}"


def _source(name: str, settings: Settings, file_keys: Mapping[str, object]) -> str:
    if any(key.upper() == PREFIX + name.upper() and value for key, value in os.environ.items()):
        return f"environment {PREFIX}{name.upper()}"
    if name in file_keys:
        return f"file {config_path()}"
    return "argument" if name in settings.model_fields_set else "default"


def _shown(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if name == "database_url" and isinstance(value, SecretStr):
        parts = urlsplit(value.get_secret_value())
        address = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{parts.username + ':***@' if parts.username else ''}{address}{parts.path}"
    if isinstance(value, SecretStr):
        return "(set, hidden)"
    return "(unset)" if value is None else str(value)


def _judge(settings: Settings) -> dict[str, tuple[Status, str]]:
    """What is allowed but unwise, or cannot work on this machine."""
    found: dict[str, tuple[Status, str]] = {}
    ground = _nearest_existing(settings.data_dir)
    if not ground.is_dir() or not os.access(ground, os.W_OK):
        found["data_dir"] = ("fail", "This user cannot write there: choose another with DOORSTEP_DATA_DIR.")
    if settings.calls_per_connection >= settings.pool_size:
        found["pool_size"] = (
            "warn",
            "Fewer than calls_per_connection + 1: calls will wait for each other.",
        )
    left = queues.unserved(queues.processes(settings.worker_processes))
    if left:
        advice = (
            f"No process here serves {', '.join(left)}: another machine must, or its work waits for ever."
        )
        found["worker_processes"] = ("warn", advice)
    if settings.environment != "production":
        found["environment"] = ("warn", "Not for real customers: set it to production where orders are real.")
        return found
    host = urlsplit(settings.public_url).hostname
    if "public_url" not in settings.model_fields_set:
        found["public_url"] = (
            "warn",
            "Partners cannot reach this address: set DOORSTEP_PUBLIC_URL to the one of your proxy.",
        )
    elif settings.public_url.startswith("http://") and host not in {"127.0.0.1", "localhost", "::1"}:
        found["public_url"] = (
            "warn",
            "Sign-in cookies and webhooks should travel over https: put a proxy in front.",
        )
    if settings.log_level == "debug":
        found["log_level"] = ("warn", "Debug logs are large; use info in production.")
    if settings.secret_key is None:
        advice = "A key file in data_dir is used; more than one machine needs the same DOORSTEP_SECRET_KEY."
        found["secret_key"] = ("ok" if settings.database_url is None else "warn", advice)
    return found


def _nearest_existing(path: Path) -> Path:
    return next(place for place in [path, *path.parents] if place.exists())
