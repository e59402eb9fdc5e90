"""Draw a label: white letters on a dark ground. Needs Pillow and the font: the platform alone does.

The font is Noto Sans CJK (SIL OFL 1.1), which has the letters of every language that a consent can
name; for Japanese, Korean and Chinese it has a face each.
"""

import io
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from math import ceil
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from compliance.errors import InvalidInput
from compliance.label.place import LabelPlace
from compliance.label.plan import LabelLine, LabelPlan
from compliance.typesetting import NOT_FIRST

_FONT = "NotoSansCJK-VF.otf.ttc"
_JAPANESE, _KOREAN, _CHINESE = 0, 1, 2  # faces in the collection
_BOLD = 700
_CAPITAL = "H"
_SOLID = 224  # of 255: brighter pixels are a letter's own
_MARGIN = 0.03  # of the shorter side, around the label: what a player's round corners cut off
_PADDING = 0.5  # of the letters' height, around them
_GAP = 0.75  # of a line's letters, between it and the line above
_ROOM_ABOVE = 2.6  # paddings above and below together: some letters reach below the line
_WIDEST = 0.9  # of the picture
_HIGHEST = 0.3  # of the picture: more would cover the face
_LEAST_COVER = 0.72  # of the ground: thinner, a lively picture is seen between the letters
_FONTS = 32  # kept open: each takes most of a megabyte, and frames may have many sizes
_LEAST_SIZE = 1.3  # font sizes a capital letter's height; this font's are 1.36 and more
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_WIDE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A label's file and where it stands."""

    png: bytes  # RGBA
    place: LabelPlace
    lines: tuple[str, ...]  # as they were broken


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of letters: ``capitals`` is the height of capital letters in pixels."""

    text: str
    capitals: int
    font: ImageFont.FreeTypeFont


def draw_label(plan: LabelPlan, language: str, width: int, height: int, fps: int) -> Drawn:
    """Draw a label for videos of one size; it stands at the top left, where no captions are.

    Args:
        plan: what it has to be.
        language: of the video: which face words in Chinese characters have.
        width: pixels.
        height: pixels.
        fps: frames a second.

    Raises:
        InvalidInput: the font lacks a letter ("label-letters"), or so many words would cover the
            face ("label-too-long").
    """
    short = min(width, height)
    rows = [row for line in plan.lines for row in _rows(line, language, short, width * _WIDEST)]
    picture = _paint(rows, ground_cover(plan.contrast))
    margin = 2 * round(_MARGIN * short / 2)
    if picture.height > _HIGHEST * height:
        raise InvalidInput(
            f"A label of {len(rows)} lines would cover the face.",
            code="label-too-long",
            remedy="Ask for a consent whose AI label has fewer words.",
        )
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    place = LabelPlace(margin, margin, *picture.size, until=plan.until(fps))
    return Drawn(buffer.getvalue(), place, tuple(row.text for row in rows))


def _rows(line: LabelLine, language: str, short: int, room: float) -> list[_Row]:
    """Break one phrase into rows that fit into ``room`` pixels with their padding."""
    capitals = ceil(line.height * short)
    font = _font(_size_for(capitals), _face_of(line.text, language))
    parts = _broken(_checked(line.text), font, room - 2 * _PADDING * capitals)
    return [_Row(part, capitals, font) for part in parts]


def ground_cover(contrast: float) -> float:
    """Return how much of a white picture the ground has to cover for white letters to be read.

    Args:
        contrast: as WCAG 2.2 counts it: (lighter + 0.05) / (darker + 0.05), relative luminance.
    """
    darker = 1.05 / contrast - 0.05
    shown = 1.055 * darker ** (1 / 2.4) - 0.055 if darker > 0.0031308 else 12.92 * darker
    return max(_LEAST_COVER, 1 - shown)


def _size_for(capitals: int) -> int:
    """Return the font size whose capital letters are that many pixels high."""
    size = ceil(_LEAST_SIZE * capitals)
    while _capital_height(size) < capitals:
        size += 1
    return size


def _capital_height(size: int) -> int:
    """Return how many rows of pixels of a capital letter are nearly white: not those at its rim."""
    letter = Image.new("L", (2 * size, 2 * size), 0)
    font = _font(size, _JAPANESE)
    ImageDraw.Draw(letter).text((size // 2, size + size // 2), _CAPITAL, 255, font, "ls")
    solid = letter.point([0] * _SOLID + [255] * (256 - _SOLID)).getbbox()
    return 0 if solid is None else solid[3] - solid[1]


@lru_cache(maxsize=_FONTS)
def _font(size: int, face: int) -> ImageFont.FreeTypeFont:
    path = Path(str(files("manimgx_fonts_cjk") / _FONT))
    font = ImageFont.truetype(path, size, index=face, layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([_BOLD])
    return font


def _face_of(line: str, language: str) -> int:
    if _HANGUL.search(line):
        return _KOREAN
    chinese = not _KANA.search(line) and language.split("-", maxsplit=1)[0] != "ja"
    return _CHINESE if chinese else _JAPANESE


def _checked(line: str) -> str:
    """Return words as they are drawn; marks that are letters of their own are joined first.

    Raises:
        InvalidInput: the font lacks one of them.
    """
    plain = unicodedata.normalize("NFC", line)
    missing = sorted({each for each in plain if not _is_drawn(each)})
    if missing:
        raise InvalidInput(
            f"The label's font has no {', '.join(map(repr, missing))}.",
            code="label-letters",
            remedy="Ask for a consent whose AI label has letters of a language that is listed.",
        )
    return plain


@cache
def _is_drawn(letter: str) -> bool:
    """Say whether the font has a letter: what it lacks is drawn as the box of character zero."""
    font = _font(32, _JAPANESE)
    if letter.isspace():
        return True
    lacking = (font.getmask("\U0010fffe"), font.getbbox("\U0010fffe"))
    drawn = (font.getmask(letter), font.getbbox(letter))
    return bytes(lacking[0]) != bytes(drawn[0]) or lacking[1] != drawn[1]


def _broken(line: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    """Break words into lines that fit; between words, and between characters of Chinese."""
    lines = [""]
    for piece in _pieces(line):
        if lines[-1] and font.getlength((lines[-1] + piece).rstrip()) > room:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    if any(font.getlength(each.rstrip()) > room for each in lines):
        raise InvalidInput(
            "A word of the label is wider than the picture.",
            code="label-too-long",
            remedy="Ask for a consent whose AI label has shorter words.",
        )
    return [each.rstrip() for each in lines]


def _pieces(line: str) -> list[str]:
    """Return what is not broken: a word with the space after it, a character of Chinese."""
    pieces: list[str] = []
    for letter in line:
        joined = pieces and (
            letter in NOT_FIRST
            or not (_WIDE.match(letter) or _WIDE.match(pieces[-1][-1]) or pieces[-1].endswith(" "))
            or letter == " "
        )
        if joined:
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _paint(rows: list[_Row], cover: float) -> Image.Image:
    """Return white letters on a dark ground with round corners."""
    padding = round(_PADDING * max(row.capitals for row in rows))
    gaps = [round(_GAP * row.capitals) for row in rows[1:]]
    inside = sum(row.capitals for row in rows) + sum(gaps)
    width = _even(max(row.font.getlength(row.text) for row in rows) + 2 * padding)
    height = _even(inside + _ROOM_ABOVE * padding)
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    ground = (0, 0, 0, round(255 * cover))
    corner = (0, 0, width - 1, height - 1)
    ImageDraw.Draw(picture).rounded_rectangle(corner, padding // 2, fill=ground)
    letters = Image.new("L", (width, height), 0)
    base = (height - inside) // 2
    for row, gap in zip(rows, [0, *gaps], strict=True):
        base += gap + row.capitals
        ImageDraw.Draw(letters).text((padding, base), row.text, 255, row.font, "ls")
    white = Image.new("RGBA", (width, height), (255, 255, 255, 255))
    return Image.composite(white, picture, letters)  # nothing shines through a letter


def _even(value: float) -> int:
    return 2 * ceil(value / 2)
