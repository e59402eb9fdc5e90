"""Plain dataclasses that both sides name: job, inputs, engine capabilities, results."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from compliance.canonical import digest
from compliance.errors import InvalidInput


class JobKind(StrEnum):
    """What a job may produce."""

    RENDER = "render"  # a marked file that may become a release
    PREVIEW = "preview"  # a visibly marked file that never can
    MEASURE = "measure"  # numbers only, no picture


class Verdict(StrEnum):
    """What a gate says of an input."""

    USABLE = "usable"
    WARNINGS = "usable-with-warnings"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input, pinned by the SHA-256 of its bytes."""

    role: str  # "portrait" or "voice"
    sha256: str
    size: int  # bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class JobSpec:
    """Everything that decides what a worker makes; equal specs have equal digests."""

    kind: JobKind
    engine: str  # "mesh", or "gate" for measure jobs
    inputs: tuple[InputFile, ...]
    prompt: str = ""
    permitted_changes: tuple[str, ...] = ()  # what the consent permits to change of the picture
    language: str = "und"  # BCP 47
    width: int = 512  # pixels
    height: int = 512  # pixels
    fps: int = 25
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self) | {
            "kind": self.kind.value,
            "inputs": [asdict(item) for item in self.inputs],
            "permitted_changes": list(self.permitted_changes),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote.

        Raises:
            InvalidInput: a field is missing, unknown or of the wrong kind.
        """
        try:
            inputs = tuple(InputFile(**item) for item in data["inputs"])
            changes = tuple(data["permitted_changes"])
            known = {"kind": JobKind(data["kind"]), "inputs": inputs, "permitted_changes": changes}
            return cls(**data | known)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                f"Not a job specification: {error!r}.", code="spec-invalid"
            ) from error

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of this specification."""
        return digest(self.to_dict())

    def input(self, role: str) -> InputFile:
        """Return the input of that role.

        Raises:
            InvalidInput: there is none.
        """
        for item in self.inputs:
            if item.role == role:
                return item
        raise InvalidInput(f"The job has no input {role!r}.", code="spec-invalid")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a worker says it can do when it claims a job."""

    worker: str  # host:pid, for people who read logs
    kinds: tuple[JobKind, ...]
    engines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of a gate: a value against a threshold, why it matters and what helps."""

    check: str  # stable name, e.g. "face-height"
    verdict: Verdict
    value: float | None  # in ``unit``
    threshold: float | None
    unit: str
    reason: dict[str, str]  # language ("en", "ja") -> sentence
    remedy: dict[str, str]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read JSON."""
        return cls(**data | {"verdict": Verdict(data["verdict"])})


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """What a measure job returns: numbers and words, never a picture."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    facts: dict[str, Any] = field(default_factory=dict)  # e.g. {"seconds": 4.1}

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read JSON.

        Raises:
            InvalidInput: it is not a measure result.
        """
        try:
            findings = tuple(Finding.from_dict(item) for item in data["findings"])
            return cls(Verdict(data["verdict"]), findings, data.get("facts", {}))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                f"Not a measure result: {error!r}.", code="result-invalid"
            ) from error


@dataclass(frozen=True, slots=True)
class RenderResult:
    """What a render job returns beside the file it uploaded."""

    sha256: str
    size: int  # bytes
    frames: int
    seconds: float  # duration of the video
    engine: str
    engine_version: str
    models: dict[str, str]  # file name -> SHA-256 of each weight file used
    prompt_report: list[
        dict[str, Any]
    ]  # {"words", "honoured": bool, "effect" | "why"} for every phrase
    cpu_seconds: float
    wall_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read JSON.

        Raises:
            InvalidInput: it is not a render result.
        """
        try:
            return cls(**data)
        except TypeError as error:
            raise InvalidInput(f"Not a render result: {error!r}.", code="result-invalid") from error
