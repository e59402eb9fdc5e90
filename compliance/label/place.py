"""Where a label stands in the picture, and in which frames."""

from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any, Self

from compliance.errors import InvalidInput

MEDIA_TYPE = "image/png"  # of a label's file
MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LabelPlace:
    """A rectangle of the picture, in pixels, and the frames in which the label stands there.

    Where the label's file has another size it is scaled to this one (area averaging).

    Attributes:
        x: from the left, even.
        y: from the top, even.
        width: even.
        height: even.
        first: frame in which it appears, from 0.
        until: first frame without it; 0 where it stays to the end.
    """

    x: int
    y: int
    width: int
    height: int
    first: int = 0
    until: int = 0

    def __post_init__(self) -> None:
        """Refuse what no yuv420p frame can have.

        Raises:
            InvalidInput: odd or negative pixels, or no frame at all.
        """
        values = (self.x, self.y, self.width, self.height, self.first, self.until)
        fits = (
            all(type(value) is int and value >= 0 for value in values)
            and all(value % 2 == 0 for value in values[:4])
            and min(self.width, self.height) > 0
            and (self.until == 0 or self.until > self.first)
        )
        if not fits:
            raise InvalidInput(f"No label stands like this: {values}.", code="label-place")

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote.

        Raises:
            InvalidInput: a field is missing, unknown or of the wrong kind.
        """
        try:
            return cls(**data)
        except TypeError as error:
            raise InvalidInput(f"No place of a label: {error}.", code="label-place") from error

    def shows_in(self, frame: int) -> bool:
        """Say whether the label stands in that frame, counted from 0."""
        return frame >= self.first and (self.until == 0 or frame < self.until)

    def check_within(self, width: int, height: int) -> None:
        """Raise unless the rectangle lies in a picture of that size.

        Raises:
            InvalidInput: it does not.
        """
        if self.x + self.width > width or self.y + self.height > height:
            raise InvalidInput(
                f"The label does not fit into a picture of {width}x{height}.", code="label-place"
            )

    def scaled(self, across: float, down: float, rate: float) -> Self:
        """Return the place in a smaller picture with fewer frames a second; the label is as large.

        Args:
            across: new width over old.
            down: new height over old.
            rate: new frames a second over old.
        """
        return replace(
            self,
            x=_even(self.x * across),
            y=_even(self.y * down),
            width=max(2, _even(self.width * across)),
            height=max(2, _even(self.height * down)),
            first=int(self.first * rate),
            until=ceil(self.until * rate),
        )


def _even(value: float) -> int:
    return 2 * int(value / 2)
