"""Plain dataclasses that both sides name: job, inputs, engine capabilities, results."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from compliance.canonical import digest
from compliance.errors import InvalidInput
from compliance.label.place import LabelPlace
from compliance.permit import shape


class JobKind(StrEnum):
    """What a job may produce."""

    RENDER = "render"  # a marked file that may become a release
    PREVIEW = "preview"  # a visibly marked file that never can
    MEASURE = "measure"  # numbers only, no picture


class Verdict(StrEnum):
    """What a gate says of an input, from the best to the worst."""

    USABLE = "usable"
    WARNINGS = "usable-with-warnings"
    UNUSABLE = "unusable"

    @classmethod
    def worst(cls, verdicts: Iterable["Verdict"], none: "Verdict") -> "Verdict":
        """Return the worst of some verdicts, ``none`` where there are none."""
        order: list[Verdict] = list(cls)
        return max(verdicts, key=order.index, default=none)


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input, pinned by the SHA-256 of its bytes."""

    role: str  # "portrait", "voice", "label", ...
    sha256: str
    size: int  # bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class JobSpec:
    """Everything that decides what a worker makes; equal specs have equal digests."""

    kind: JobKind
    engine: str  # "mesh", "portraittalk", or "gate" and others for measure jobs
    inputs: tuple[InputFile, ...]
    prompt: str = ""
    permitted_changes: tuple[str, ...] = ()  # what the consent permits to change of the picture
    language: str = "und"  # BCP 47
    width: int = 512  # pixels
    height: int = 512  # pixels
    fps: int = 25
    seed: int = 0
    label: LabelPlace | None = None  # where the input "label" stands; measurements have none
    weights: str = ""  # SHA-256 of those to draw with; "" where the engine's version says all
    prompt_for: str = ""  # engine that will draw what is measured; "" is "mesh"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; without the newer fields as before, digest and all."""
        values = asdict(self) | {
            "kind": self.kind.value,
            "inputs": [asdict(item) for item in self.inputs],
            "permitted_changes": list(self.permitted_changes),
        }
        for name in ("label", "weights", "prompt_for"):
            if not getattr(self, name):
                del values[name]
        return values

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote.

        Raises:
            InvalidInput: a field is missing, unknown or of the wrong kind.
        """
        try:
            inputs = tuple(InputFile(**item) for item in data["inputs"])
            changes = tuple(data["permitted_changes"])
            label = {"label": LabelPlace.from_dict(data["label"])} if "label" in data else {}
            known = {"kind": JobKind(data["kind"]), "inputs": inputs, "permitted_changes": changes}
            return cls(**data | known | label)
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
    # Engine -> SHA-256 of the weights that it draws with here; those that need none lack.
    weights: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        kinds, engines = [kind.value for kind in self.kinds], list(self.engines)
        return asdict(self) | {"kinds": kinds, "engines": engines}


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
        """Read JSON.

        Raises:
            InvalidInput: a field is missing, unknown, of the wrong kind or out of range.
        """
        with _reading("finding"):
            value, threshold = (data[name] for name in ("value", "threshold"))
            return cls(
                **shape.fields(data, what="finding")
                | {
                    "check": shape.name(data["check"], what="check"),
                    "verdict": Verdict(data["verdict"]),
                    "value": None if value is None else shape.number(value, what="value"),
                    "threshold": (
                        None if threshold is None else shape.number(threshold, what="threshold")
                    ),
                    "unit": shape.text(data["unit"], what="unit", longest=40),
                    "reason": shape.texts(data["reason"], what="reason"),
                    "remedy": shape.texts(data["remedy"], what="remedy"),
                }
            )


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
            InvalidInput: it is not a measure result: a field is missing, of the wrong kind, out of
                range or larger than a result may be.
        """
        with _reading("measure result"):
            given = shape.items(data["findings"], what="findings")
            findings = tuple(Finding.from_dict(item) for item in given)
            facts = shape.document(data.get("facts", {}), what="facts")
            return cls(Verdict(data["verdict"]), findings, facts)


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
            InvalidInput: it is not a render result: a field is missing, unknown, of the wrong kind,
                out of range or larger than a result may be.
        """
        with _reading("render result"):
            models = shape.fields(data["models"], what="models")
            read = {
                "sha256": shape.sha256(data["sha256"], what="sha256"),
                "size": shape.count(data["size"], what="size"),
                "frames": shape.count(data["frames"], what="frames"),
                "seconds": shape.duration(data["seconds"], what="seconds", least=0.001),
                "engine": shape.name(data["engine"], what="engine"),
                "engine_version": shape.name(data["engine_version"], what="engine_version"),
                "models": {k: shape.sha256(v, what=f"models.{k}") for k, v in models.items()},
                "prompt_report": read_prompt_report(data["prompt_report"]),
                "cpu_seconds": shape.duration(data["cpu_seconds"], what="cpu_seconds"),
                "wall_seconds": shape.duration(data["wall_seconds"], what="wall_seconds"),
            }
            return cls(**data | read)


def read_prompt_report(lines: Any) -> list[dict[str, Any]]:
    """Read what became of every phrase of a prompt, as workers report it.

    Raises:
        InvalidInput: it is no such report.
    """
    with _reading("prompt report"):
        return [_report_line(line) for line in shape.items(lines, what="prompt_report")]


def _report_line(line: Any) -> dict[str, Any]:
    found = shape.document(line, what="prompt_report")
    shape.text(found["words"], what="words")
    if not isinstance(found["honoured"], bool):
        raise ValueError("honoured is neither true nor false.")
    return found


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Say of whatever goes wrong in the block that it is no ``what``."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"Not a {what}: {error if isinstance(error, ValueError) else repr(error)}",
            code="result-invalid",
            remedy="Run a worker of the same version as the platform.",
        ) from error
