"""A report as one HTML file that needs nothing else: numbers, plots and pictures."""

import base64
import math
from html import escape
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from generation.evaluation.closures import SHUT, WIDE
from generation.evaluation.meanings import meaning
from generation.evaluation.measures import Measure
from generation.evaluation.movement import blinks
from generation.evaluation.openings import Marks
from generation.evaluation.report import Report
from generation.evaluation.svg import Plot
from generation.faces.arrays import Image
from generation.faces.embedding import SAME_BELOW
from generation.media.photo import load_photo

_FIRST = (
    *("r_judge", "lag_judge", "closure", "false_closure", "open_vowels"),
    *("lip_speed_silence", "identity_mean", "warping_error"),
)
_THUMB = 220  # px
_LONG = 30.0  # s that a plot over time shows in one row
_ROWS = 3  # of them at most; the whole is drawn thinner where it is longer


def write_page(report: Report, path: Path) -> None:
    """Write the page of a report."""
    path.write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """Return the page of a report."""
    name = escape(report.case.video.name)
    style = resources.files("generation.evaluation").joinpath("page.css").read_text("utf-8")
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{name}: evaluation</title><style>{style}</style></head><body>"
        f"{_header(report)}<main>"
        f"<section class='tiles'>{''.join(_tile(report, each) for each in _FIRST)}</section>"
        + (f"<ul class='notes'>{notes}</ul>" if notes else "")
        + f"<section><h2>Lips and voice</h2>{_lips(report)}</section>"
        f"<div class='pair'><section><h2>Which shift fits best?</h2>{_shift(report)}</section>"
        f"<section><h2>How open, in which sounds?</h2>{_sounds(report)}</section></div>"
        f"<section><h2>Pictures</h2>{_sheet(report)}</section>"
        f"<div class='pair'><section><h2>Likeness to the photo</h2>{_likeness(report)}</section>"
        f"<section><h2>Head</h2>{_head(report)}</section></div>"
        f"<section><h2>All numbers</h2>{_tables(report)}</section>"
        "</main><footer>Every number says what it is, not whether the video may be used: that is "
        "decided by people. Definitions: docs/evaluation.md.</footer></body></html>\n"
    )


def _header(report: Report) -> str:
    form, size = report.format, report.watched.gap.size
    about = (
        f"{form.width} \u00d7 {form.height}, {form.fps:g} frames a second, {size / form.fps:.1f} s"
    )
    photo = _picture(load_photo(report.case.photo).rgb, "The photo")
    return (
        f"<header>{photo}<div><p class='eyebrow'>Evaluation of a finished video</p>"
        f"<h1>{escape(report.case.video.name)}</h1><p>{about}; a face in "
        f"{int(report.watched.seen.sum())} of {size} frames</p></div></header>"
    )


def _tile(report: Report, name: str) -> str:
    found = report.measures().get(name)
    if found is None:
        return ""
    said = meaning(name)
    return (
        f"<div class='tile'><h3>{escape(said.title)}</h3><p class='value'>{_value(found)}"
        f"<span>{escape(found.unit)}</span></p><p class='range'>{_range(found)}</p>"
        f"<p>{escape(said.says)}</p></div>"
    )


def _value(found: Measure) -> str:
    return f"{found.value:.3g}" if math.isfinite(found.value) else "\u2013"


def _range(found: Measure) -> str:
    low, high = found.interval
    if not (math.isfinite(low) and math.isfinite(high)):
        return escape(found.note) if not math.isfinite(found.value) else "&nbsp;"
    return f"95 %: {low:.3g} to {high:.3g}"


def _lips(report: Report) -> str:
    watched, heard = report.watched, report.heard
    times = watched.times
    rest = report.value("rest_gap")
    top = max(0.5, 1.1 * float(np.nanmax(watched.gap)))
    end = float(times[-1] + times[0])
    scale = (float(np.nanpercentile(watched.gap, 95)) - rest) / max(
        float(np.percentile(heard.expected.opening, 95)), 1e-6
    )
    wanted = rest + scale * np.clip(heard.expected.opening, 0, None)
    rows = []
    length = max(_LONG, end / _ROWS)
    for start in np.arange(0, end, length):
        plot = Plot((start, min(end, start + length)), (0, top), ("seconds", "gap, cm"))
        inside = (times >= start) & (times < start + length)
        plot.bands(_spans(heard.silence & inside, times, watched.fps), "quiet")
        plot.ticks(list(times[heard.closed & inside]), "closing")
        shown = [(a / watched.fps, b / watched.fps) for a, b in blinks(watched) if inside[a]]
        plot.bands(shown, "blink")
        plot.line(times[inside], wanted[inside], "expected")
        plot.line(times[inside], watched.gap[inside], "measured")
        rows.append(plot.draw("Mouth gap over time, and what is expected"))
    legend = (
        "<p class='legend'><i class='measured'></i>measured gap <i class='expected'></i>expected "
        "by the judge, scaled to it <i class='closing'></i>p b m <i class='quiet'></i>silence "
        "<i class='blink'></i>blink</p>"
    )
    return legend + "".join(rows)


def _spans(marks: Marks, times: NDArray[np.float64], fps: float) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.r_[False, marks, False].astype(int)))
    half = 0.5 / fps
    return [
        (float(times[a] - half), float(times[b - 1] + half))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


def _shift(report: Report) -> str:
    found, fps = report.shifts, report.watched.fps
    lags = 1000 * found.lags / fps
    low = min(-0.2, float(found.r.min()))
    plot = Plot(
        (float(lags[0]), float(lags[-1])), (low, max(0.4, 1.15 * float(found.r.max()))),
        ("lips later than the sound, ms", "r with the judge"), (470, 240),
    )  # fmt: skip
    plot.level(float(np.median(found.r)), "median")
    plot.line(lags, found.r, "measured")
    best = 1000 * found.lag / fps
    if np.isfinite(best):
        plot.dot(best, float(found.r.max()), f"{best:.0f} ms")
    return plot.draw("Correlation at each shift")


def _sounds(report: Report) -> str:
    heard, gap = report.heard, report.watched.gap - report.value("rest_gap")
    groups = (("p b m", heard.closed), ("other speech", heard.other), ("open vowels", heard.open))
    edges = np.linspace(0, max(0.6, float(np.nanpercentile(gap, 99))), 25)
    plot = Plot(
        (0, float(edges[-1])), (0, 1), ("gap above rest, cm", "share of frames below"), (470, 240)
    )
    plot.bands([(SHUT - 0.002, SHUT + 0.002), (WIDE - 0.002, WIDE + 0.002)], "bound")
    plot.note(0, "shut").note(WIDE, "open")
    legend = ""
    for style, (name, marks) in zip(("closing", "expected", "measured"), groups, strict=True):
        values = gap[marks & np.isfinite(gap)]
        if values.size:
            share = np.array([(values <= edge).mean() for edge in edges])
            plot.line(edges, share, style)
        legend += f"<i class='{style}'></i>{name} ({values.size}) "
    said = "Share of frames below each gap, in three kinds of sounds"
    return f"<p class='legend'>{legend}</p>" + plot.draw(said)


def _likeness(report: Report) -> str:
    frames, values = report.watched.distances.T
    end = report.watched.gap.size / report.format.fps
    plot = Plot((0, end), (0, 0.7), ("seconds", "distance"), (470, 240))
    plot.level(SAME_BELOW, "another person from here")
    return plot.line(frames / report.format.fps, values, "measured").draw("Distance to the photo")


def _head(report: Report) -> str:
    pose, times = report.watched.pose, report.watched.times
    reach = max(5.0, 1.1 * float(np.nanmax(np.abs(pose))))
    end = float(times[-1] + times[0])
    plot = Plot((0, end), (-reach, reach), ("seconds", "degrees"), (470, 240))
    legend = ""
    for column, style in enumerate(("measured", "expected", "closing")):
        plot.line(times, pose[:, column], style)
        legend += f"<i class='{style}'></i>{('yaw', 'pitch', 'roll')[column]} "
    return f"<p class='legend'>{legend}</p>" + plot.draw("Yaw, pitch and roll over time")


def _sheet(report: Report) -> str:
    watched, cells = report.watched, []
    for index, picture in watched.sheet:
        gap = watched.gap[index]
        said = f"{index / watched.fps:.2f} s" + (f", gap {gap:.2f} cm" if np.isfinite(gap) else "")
        shown = _around(picture, watched.points[index])
        cells.append(f"<figure>{_picture(shown, said)}<figcaption>{said}</figcaption></figure>")
    return f"<div class='sheet'>{''.join(cells)}</div>"


def _around(picture: Image, points: NDArray[np.float32]) -> Image:
    """Return the part of a picture around the face, or the whole where there is none."""
    if not np.isfinite(points).all():
        return picture
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    half = 0.72 * float((high - low).max())
    left, top = np.maximum((low + high) / 2 - half, 0).astype(int)
    right, bottom = ((low + high) / 2 + half).astype(int)
    return picture[top:bottom, left:right]


def _picture(rgb: Image, text: str) -> str:
    height, width = rgb.shape[:2]
    scale = _THUMB / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85]
    )
    code = base64.b64encode(data.tobytes()).decode()
    return f'<img src="data:image/jpeg;base64,{code}" alt="{escape(text)}" width="{size[0]}">'


def _tables(report: Report) -> str:
    parts = []
    for group, found in report.groups.items():
        rows = "".join(_row(each) for each in found)
        parts.append(f"<tr class='group'><th colspan='5'>{escape(group)}</th></tr>{rows}")
    head = "<tr><th>measure</th><th>value</th><th>95 % interval</th><th>better</th><th></th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(parts)}</tbody></table>"


def _row(found: Measure) -> str:
    said = meaning(found.name)
    low, high = found.interval
    bounds = f"{low:.3g} \u2026 {high:.3g}" if math.isfinite(low) and math.isfinite(high) else ""
    more = f"<small>{escape(found.note)}</small>" if found.note else ""
    return (
        f"<tr><th>{escape(said.title)}<code>{escape(found.name)}</code></th>"
        f"<td class='number'>{_value(found)} <small>{escape(found.unit)}</small></td>"
        f"<td class='number'>{bounds}</td><td>{found.better}</td>"
        f"<td>{escape(said.says)} {more}</td></tr>"
    )
