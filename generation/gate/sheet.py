"""A contact sheet of one photo: what the gate measured, and where in the picture."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from compliance.permit import Finding, MeasureResult, Verdict
from generation.errors import PortraitError
from generation.faces import Face, topology
from generation.faces.arrays import Image, Points
from generation.gate.appearance import CHEEKS, CHIN, FOREHEAD, PATCH
from generation.gate.portrait import PORTRAIT_LIMITS
from generation.media.photo import load_photo
from generation.resident import landmarker

_SIDE, _TILE, _TABLE, _ROW = 720, 180, 660, 29  # px
_ROOM = 1.5  # sides of the cut in heights of the face
_INK, _FAINT, _GROUND = (238, 238, 232), (140, 140, 136), (22, 23, 26)
_SAID = {
    Verdict.USABLE: (94, 190, 132),
    Verdict.WARNINGS: (240, 178, 62),
    Verdict.UNUSABLE: (236, 92, 84),
}
_WIDTH = {"bar": 130, "value": 395, "limits": 530}  # px from the table's left edge
_PIXELS = 3.9  # times enlarged: from here on pixels are shown as squares
_FULL = 1.25  # limits that the end of a bar stands for


def draw_sheet(path: Path, measured: MeasureResult) -> Pictures.Image:
    """Return the sheet of a photo and what `check_portrait` said of it.

    Raises:
        PortraitError: the file is no picture that can be read.
    """
    rgb = load_photo(path).rgb
    faces = landmarker().faces(rgb)
    high = max(_SIDE + _TILE, (len(measured.findings) + 2) * _ROW + 16)
    sheet = Pictures.new("RGB", (_SIDE + _TABLE, high), _GROUND)
    if len(faces) == 1:
        sheet.paste(_portrait(rgb, faces[0]), (0, 0))
        for number, (name, tile) in enumerate(_tiles(rgb, faces[0]).items()):
            sheet.paste(tile, (number * _TILE, _SIDE))
            _write(ImageDraw.Draw(sheet), (number * _TILE + 6, _SIDE + 4), name, _INK, 14)
    else:
        sheet.paste(_all_faces(rgb, faces), (0, 0))
    _table(ImageDraw.Draw(sheet), measured)
    return sheet


def write_sheet(path: Path, measured: MeasureResult, out: Path) -> None:
    """Write the sheet of a photo as a picture file.

    Raises:
        PortraitError: the photo cannot be read, or the sheet not be written.
    """
    try:
        draw_sheet(path, measured).save(out)
    except (OSError, ValueError) as error:
        raise PortraitError(
            f"the sheet cannot be written to {out}: {error}",
            code="sheet-not-written",
            remedy="Name a file that ends in .png or .jpg, in a folder that is there.",
        ) from error


def _portrait(rgb: Image, face: Face) -> Pictures.Image:
    """Draw outlines, patches of skin and the head's axes over the face."""
    centre, side = face.points[:, :2].mean(0), _ROOM * face.height
    picture, points = (
        Pictures.fromarray(_cut(rgb, centre, side)),
        _placed(face.points, centre, side),
    )
    draw = ImageDraw.Draw(picture)
    for outline in (topology.FACE_OVAL, topology.OUTER_LIPS, *_eyes()):
        _loop(draw, points[list(outline)], _INK)
    radius = PATCH * _SIDE / _ROOM
    for name in (*CHEEKS[0], *CHEEKS[1], *FOREHEAD, *CHIN):
        x, y = points[name]
        draw.rectangle((x - radius, y - radius, x + radius, y + radius), outline=(120, 200, 240))
    _height(draw, points, face.height)
    _axes(draw, points, face)
    return picture


def _height(draw: ImageDraw.ImageDraw, points: Points, pixels: float) -> None:
    """Draw the height of the face, forehead to chin, beside it."""
    x = float(points[:, 0].max()) + 24
    top, low = (float(points[name, 1]) for name in (topology.FOREHEAD, topology.CHIN))
    draw.line((x, top, x, low), _INK, 2)
    for y in (top, low):
        draw.line((x - 8, y, x + 8, y), _INK, 2)
    _write(draw, (x + 8, (top + low) / 2), f"{pixels:.0f} px", _INK, 16)


def _axes(draw: ImageDraw.ImageDraw, points: Points, face: Face) -> None:
    """Draw where the face looks: an arrow that is longer the more the head is turned."""
    pose, start = face.pose(), points[topology.NOSE_BASE]
    ahead = np.sin(np.radians([-pose.yaw, -pose.pitch])) * _SIDE / 3
    end = start + ahead
    draw.line((*start, *end), _SAID[Verdict.WARNINGS], 4)
    x, y = end
    draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill=_SAID[Verdict.WARNINGS])
    turned = f"yaw {pose.yaw:+.0f}  pitch {pose.pitch:+.0f}  roll {pose.roll:+.0f}"
    _write(draw, (10, _SIDE - 28), turned, _INK, 18)


def _tiles(rgb: Image, face: Face) -> dict[str, Pictures.Image]:
    """Cut out what single checks look at, by name."""
    points = face.points
    eyes = points[[*topology.RIGHT_EYE[0], *topology.LEFT_EYE[0]], :2]
    lips = points[list(topology.OUTER_LIPS), :2]
    pixels = _TILE / 4
    parts = {
        "eyes": (eyes.mean(0), 1.25 * np.ptp(eyes[:, 0])),
        "mouth": (lips.mean(0), 1.5 * np.ptp(lips[:, 0])),
        "skin, 1 px = 4": (points[CHEEKS[0][1], :2], pixels),
        "burnt, black": (points[:, :2].mean(0), 1.2 * face.height),
    }
    found = {}
    for name, (centre, side) in parts.items():
        cut = _cut(rgb, centre, float(side), _TILE)
        found[name] = Pictures.fromarray(_lost(cut) if name.startswith("burnt") else cut)
    return found


def _lost(cut: Image) -> Image:
    """Paint what has no detail any more: white red, black blue."""
    out = (cut.astype(np.float32) * 0.7).astype(np.uint8)
    out[cut.min(-1) >= 250] = _SAID[Verdict.UNUSABLE]
    out[cut.max(-1) <= 6] = (80, 130, 250)
    return out


def _all_faces(rgb: Image, faces: list[Face]) -> Pictures.Image:
    size = np.array(rgb.shape[1::-1])
    centre, side = size / 2, float(size.max())
    picture = Pictures.fromarray(_cut(rgb, centre, side))
    draw = ImageDraw.Draw(picture)
    for face in faces:
        points = _placed(face.points, centre, side)
        _loop(draw, points[list(topology.FACE_OVAL)], _SAID[Verdict.UNUSABLE])
    return picture


def _cut(rgb: Image, centre: Points, side: float, out: int = _SIDE) -> Image:
    """Return a square cut (out, out, 3), black beyond the photo; single pixels where they show."""
    scale, (x, y) = out / max(side, 1.0), centre - side / 2
    matrix = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
    way = cv2.INTER_NEAREST if scale >= _PIXELS else cv2.INTER_LINEAR
    if scale < 1:  # warping alone would skip over pixels
        rgb = np.asarray(cv2.blur(rgb, (round(1 / scale) | 1,) * 2), np.uint8)
    return np.asarray(cv2.warpAffine(rgb, matrix, (out, out), flags=way), np.uint8)


def _placed(points: Points, centre: Points, side: float) -> Points:
    """Return points (n, 2 or 3) of the photo in the large cut around a centre."""
    placed: Points = (points[:, :2] - centre + side / 2) * (_SIDE / side)
    return placed


def _eyes() -> tuple[list[int], ...]:
    return tuple([*up, *low[::-1]] for up, low, _ in (topology.RIGHT_EYE, topology.LEFT_EYE))


def _loop(draw: ImageDraw.ImageDraw, points: Points, ink: tuple[int, int, int]) -> None:
    way = [(float(x), float(y)) for x, y in points]
    draw.line([*way, way[0]], ink, 2)


def _table(draw: ImageDraw.ImageDraw, measured: MeasureResult) -> None:
    """Draw one line a check: verdict, value, and how far it is from its limits."""
    left, y = _SIDE + 20, 14
    _write(draw, (left, y), measured.verdict.value, _SAID[measured.verdict], 22)
    for finding in measured.findings:
        y += _ROW
        draw.rectangle((left, y + 10, left + 10, y + 20), _SAID[finding.verdict])
        _write(draw, (left + 20, y + 6), finding.check, _INK, 14)
        _bar(draw, left, y + 6, finding)


def _bar(draw: ImageDraw.ImageDraw, left: int, y: int, finding: Finding) -> None:
    limits = [each for each in PORTRAIT_LIMITS if each.check == finding.check]
    if finding.value is None:
        return
    unit = f"{finding.value:g} {finding.unit}"
    _write(draw, (left + _WIDTH["value"], y), unit, _INK, 14)
    # Brightness has two pairs of limits; the finding names which it was judged by.
    for each in [one for one in limits if finding.threshold in (one.warn, one.reject)][:1]:
        ends = [bound for bound in (each.warn, each.reject) if np.isfinite(bound)]
        full = _FULL * max(*ends, 1e-6) if each.warn > each.reject else _FULL * max(*ends, 0.01)
        from_, room = left + _WIDTH["bar"] + 20, _WIDTH["value"] - _WIDTH["bar"] - 40
        draw.rectangle((from_, y + 4, from_ + room, y + 12), (52, 54, 58))
        long = room * min(1.0, max(0.0, finding.value / full))
        draw.rectangle((from_, y + 4, from_ + long, y + 12), _SAID[finding.verdict])
        for bound in ends:
            x = from_ + room * bound / full
            draw.line((x, y, x, y + 16), _INK, 2)
        said = " / ".join(f"{bound:g}" for bound in ends)
        sign = "<" if each.reject < each.warn else ">"
        _write(draw, (left + _WIDTH["limits"], y), f"{sign} {said}", _FAINT, 14)


def _write(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    words: str,
    ink: tuple[int, int, int],
    size: int,
) -> None:
    draw.text(at, words, ink, ImageFont.load_default(size), stroke_width=1, stroke_fill=_GROUND)
