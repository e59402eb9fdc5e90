"""Line plots as inline SVG: a few hundred bytes of axis, and nothing to install."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 14, 34  # margins in units of the view box
_WORDS = 'class="tick"'


@dataclass
class Plot:
    """A plot that lines, bands and marks are added to.

    Attributes:
        x: (low, high) of the horizontal axis.
        y: (low, high) of the vertical axis.
        labels: of the two axes.
        size: of the view box.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    labels: tuple[str, str]
    size: tuple[int, int] = (960, 240)
    parts: list[str] = field(default_factory=list)

    def line(self, x: Values, y: Values, style: str) -> "Plot":
        """Add a line; it is broken where a value is missing."""
        path, pen = [], "M"
        for across, up in zip(x, y, strict=True):
            if not np.isfinite(up):
                pen = "M"
                continue
            path.append(f"{pen}{self._x(across):.1f} {self._y(up):.1f}")
            pen = "L"
        self.parts.append(f'<path class="{style}" d="{"".join(path)}"/>')
        return self

    def bands(self, spans: Sequence[tuple[float, float]], style: str) -> "Plot":
        """Shade spans of the horizontal axis."""
        top, height = _TOP, self.size[1] - _TOP - _BOTTOM
        for low, high in spans:
            left, right = self._x(low), self._x(high)
            self.parts.append(
                f'<rect class="{style}" x="{left:.1f}" y="{top}" '
                f'width="{max(right - left, 1):.1f}" height="{height}"/>'
            )
        return self

    def ticks(self, at: Sequence[float], style: str) -> "Plot":
        """Add short strokes along the lower edge."""
        low = self.size[1] - _BOTTOM
        for value in at:
            x = self._x(value)
            self.parts.append(f'<path class="{style}" d="M{x:.1f} {low}L{x:.1f} {low - 14}"/>')
        return self

    def level(self, value: float, text: str, style: str = "level") -> "Plot":
        """Add a horizontal line with a word."""
        y = self._y(value)
        right = self.size[0] - _RIGHT
        self.parts.append(f'<path class="{style}" d="M{_LEFT} {y:.1f}L{right} {y:.1f}"/>')
        self.parts.append(
            f'<text class="tick" x="{right - 4}" y="{y - 5:.1f}" text-anchor="end">'
            f"{escape(text)}</text>"
        )
        return self

    def note(self, x: float, text: str) -> "Plot":
        """Add a word at the lower edge, to the right of a place on the horizontal axis."""
        across, low = self._x(x) + 4, self.size[1] - _BOTTOM - 6
        self.parts.append(f'<text class="tick" x="{across:.1f}" y="{low}">{escape(text)}</text>')
        return self

    def dot(self, x: float, y: float, text: str) -> "Plot":
        """Add a point with a word beside it."""
        across, up = self._x(x), self._y(y)
        self.parts.append(f'<circle class="dot" cx="{across:.1f}" cy="{up:.1f}" r="4.5"/>')
        end = across > 0.7 * self.size[0]
        self.parts.append(
            f'<text class="word" x="{across + (-9 if end else 9):.1f}" y="{up + 4:.1f}" '
            f'text-anchor="{"end" if end else "start"}">{escape(text)}</text>'
        )
        return self

    def draw(self, title: str) -> str:
        """Return the SVG element; `title` is for those who cannot see it."""
        width, height = self.size
        return (
            f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" '
            f'aria-label="{escape(title)}">{self._axes()}{"".join(self.parts)}</svg>'
        )

    def _axes(self) -> str:
        width, height = self.size
        low, right = height - _BOTTOM, width - _RIGHT
        found = []
        for value in _round_values(*self.y):
            y = self._y(value)
            found.append(f'<path class="grid" d="M{_LEFT} {y:.1f}L{right} {y:.1f}"/>')
            found.append(
                f'<text {_WORDS} x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
            )
        for value in _round_values(*self.x):
            x = self._x(value)
            found.append(
                f'<text {_WORDS} x="{x:.1f}" y="{low + 15}" text-anchor="middle">{value:g}</text>'
            )
        across, up = (escape(label) for label in self.labels)
        middle = (_TOP + low) / 2
        found.append(f'<path class="axis" d="M{_LEFT} {low}L{right} {low}"/>')
        found.append(
            f'<text class="label" x="{(_LEFT + right) / 2}" y="{height - 4}" '
            f'text-anchor="middle">{across}</text>'
        )
        found.append(
            f'<text class="label" transform="translate(13 {middle}) rotate(-90)" '
            f'text-anchor="middle">{up}</text>'
        )
        return "".join(found)

    def _x(self, value: float) -> float:
        share = (value - self.x[0]) / ((self.x[1] - self.x[0]) or 1)
        return _LEFT + min(max(share, 0), 1) * (self.size[0] - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        share = (value - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return self.size[1] - _BOTTOM - min(max(share, 0), 1) * (self.size[1] - _TOP - _BOTTOM)


def _round_values(low: float, high: float) -> list[float]:
    """Return four to eight round numbers between two bounds."""
    span = high - low or 1.0
    step = 10.0 ** np.floor(np.log10(span / 4))
    step *= next(times for times in (1, 2, 5, 10) if span / (step * times) <= 7)
    first = np.ceil(low / step - 1e-9) * step
    values = np.arange(first, high + step * 1e-6, step)
    return [float(round(value, 10)) + 0.0 for value in values]  # + 0.0: no minus zero
