"""The summary of a pack as a PDF, in English or Japanese. Needs fpdf2 and the font: to build only.

The words on its pages are made of the facts, which are embedded as ``facts.json``.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode, XPos, YPos
from fpdf.fonts import FontFace
from pylopdf_fonts_jp import sans_path

from compliance.evidence.facts import ENDINGS, facts_digest
from compliance.evidence.layout import FACTS
from compliance.evidence.words import say

_INK, _MUTED, _RULE, _SEAL = (28, 32, 38), (96, 104, 114), (206, 211, 217), (176, 40, 36)
_MARGIN, _LINE = 18.0, 5.2  # mm
_FONT = "Noto Sans JP"


def render_summary(facts: bytes, language: str) -> bytes:
    """Return the unsigned PDF that says what ``facts`` hold.

    Args:
        facts: of :func:`compliance.evidence.facts.facts_bytes`.
        language: "en" or "ja".
    """
    page = _Summary(json.loads(facts), facts_digest(facts), language)
    page.tell()
    page.embed_file(basename=FACTS, bytes=facts, desc="The facts of this summary")
    return bytes(page.output())


class _Summary(FPDF):
    """A4, one column, the sections of the story in their order."""

    def __init__(self, facts: dict[str, Any], digest: str, language: str) -> None:
        super().__init__(format="A4")
        self._facts, self._digest, self._language = facts, digest, language
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=22)
        self.add_font(_FONT, "", sans_path())
        self.set_font(_FONT, size=9)
        self.set_title(f"Rakkan {facts['production']['id']}")
        self.set_lang("ja-JP" if language == "ja" else "en")
        self.set_creator("Rakkan")
        self.set_draw_color(*_RULE)
        self._wrap = WrapMode.CHAR if language == "ja" else WrapMode.WORD

    def say(self, key: str, *values: object) -> str:
        """Return a word in the language of the document."""
        text = say(key, self._language)
        return text.format(*values) if values else text

    def tell(self) -> None:
        """Write all sections."""
        self.add_page()
        self._head()
        self._ended()
        self._video()
        self._agreed()
        self._approved()
        self._permitted()
        self._made()
        self._marks()
        self._gate()
        self._log()
        self._check()

    def footer(self) -> None:
        """Put page and digest of the facts at the foot of each page."""
        self.set_y(-14)
        self.set_font(_FONT, size=7)
        self.set_text_color(*_MUTED)
        self.cell(0, 4, self.say("page", self.page_no()), align="R", new_y=YPos.TOP)
        self.set_x(_MARGIN)
        self.cell(0, 4, f"facts.json  SHA-256 {self._digest}")

    def _head(self) -> None:
        self.set_fill_color(*_SEAL)
        self.rect(_MARGIN, 18, 13, 13, style="F")
        self.set_text_color(255, 255, 255)
        self.set_font_size(15)
        self.set_xy(_MARGIN, 18.4)
        self.cell(13, 6, "落", align="C")
        self.set_xy(_MARGIN, 24.4)
        self.cell(13, 6, "款", align="C")
        self.set_xy(_MARGIN + 18, 17)
        self.set_text_color(*_INK)
        self.set_font_size(19)
        self.cell(0, 9, self.say("title"), new_x=XPos.LEFT, new_y=YPos.NEXT)
        self.set_font_size(9)
        self.set_text_color(*_MUTED)
        self.cell(0, 5, self.say("subtitle"))
        self.set_y(37)
        self._text(self.say("intro"))

    def _ended(self) -> None:
        events = [e for e in self._facts["log"]["events"] if e["name"] in ENDINGS]
        if events:
            self._section("ended")
            self._text(self.say("ended-note"))
            self._rows([(self.say(e["name"]), _when(e["occurred_at"])) for e in events])

    def _video(self) -> None:
        facts, made = self._facts["production"], self._facts["made"]
        self._section("video")
        origin = self.say(facts["voice_origin"])
        self._named(
            ("name", facts["title"]),
            ("production", facts["id"]),
            ("asset_id", made["asset_id"]),
            ("file", made["file_sha256"]),
            ("size", self.say("bytes", made["size"])),
            ("released_at", _when(made["released_at"])),
            ("purpose", self.say(facts["purpose"])),
            ("channels", self._listed(facts["channels"])),
            ("territories", self._listed(facts["territories"])),
            ("language", self.say(facts["language"])),
            ("voice_origin", f"{origin} {facts['voice_engine']}".strip()),
            ("requester", facts["requester"]),
            ("request_digest", facts["request_digest"]),
        )

    def _agreed(self) -> None:
        self._section("agreed")
        for consent in self._facts["consents"]:
            self._subtitle(self.say(consent["about"]))
            term = self.say("until", _when(consent["valid_from"]), _when(consent["valid_until"]))
            lists = ("purposes", "channels", "territories", "languages", "permitted_changes")
            self._named(
                ("person", consent["person"]),
                ("controller", consent["controller"]),
                ("granted_at", _when(consent["granted_at"])),
                ("term", term),
                *((name, self._listed(consent[name])) for name in lists),
                ("ai_label", consent["ai_label"]),
                ("identity_method", self.say(consent["identity_method"])),
                ("consent_id", consent["id"]),
                ("supersedes", consent["supersedes"]),
                ("receipt", consent["receipt_sha256"]),
            )

    def _approved(self) -> None:
        self._section("approved")
        self._text(self.say("accounts"))
        policy = self._facts["policy"]
        asks = [self.say("asks", step["name"], step["quorum"]) for step in policy["steps"]]
        self._named(("policy", f"{', '.join(policy['policies'])} ({'; '.join(asks)})"))
        rows = [[self.say(key) for key in ("step", "approver", "decided_at")]]
        for approval in self._facts["approvals"]:
            who = approval["approver"]
            if "delegate" in approval:
                who = self.say("deputy", approval["delegate"], who)
            rows.append([approval["step"], who, _when(approval["decided_at"])])
        self._grid(rows, (30, 94, 50))
        if policy["reviewers"]:
            self._named(("reviewers", str(policy["reviewers"])))

    def _permitted(self) -> None:
        permit = self._facts["permit"]
        self._section("permitted")
        self._named(
            ("permit_id", permit["permit_id"]),
            ("issued_at", _when(permit["issued_at"])),
            ("expires_at", _when(permit["expires_at"])),
        )

    def _made(self) -> None:
        made = self._facts["made"]
        self._section("made")
        self._named(("engine", f"{made['engine']} {made['engine_version']}".strip()))
        models = sorted(made["models"].items())
        rows = [[self.say("model"), self.say("digest")], *map(list, models)]
        if models:
            self._grid(rows, (46, 128))

    def _marks(self) -> None:
        marks = self._facts["marks"]
        self._section("marks")
        signed = self.say("signed-by", marks["signer"], _when(marks["timestamped_at"]))
        self._named(
            ("credentials", signed),
            ("disclosure", f"{marks['ai_label']} ({marks['digital_source_type']})"),
            ("watermark", marks["asset_id"]),
            ("status_url", marks["status_url"]),
        )

    def _gate(self) -> None:
        self._section("gate")
        self._rows(
            [
                (
                    self.say(f"gate-{check['name']}"),
                    self._outcome(check),
                )
                for check in self._facts["gate"]
            ]
        )

    def _outcome(self, check: dict[str, Any]) -> str:
        lips = self._facts.get("lips")
        if check["outcome"] != "pass":
            return self.say("failed")
        if check["name"] != "lips" or lips is None:
            return self.say("passed")
        if lips["outcome"] == "no-speech":
            return self.say("lips-no-speech")
        return self.say("lips-in-step", lips["in_time"])

    def _log(self) -> None:
        log = self._facts["log"]
        self._section("log")
        self._named(
            ("origin", log["origin"]),
            ("checkpoint", self.say("events-root", log["size"], log["root"])),
            ("stamped_at", _when(log["stamped_at"])),
            ("cosigners", ", ".join(log["cosigners"]) or self.say("nobody")),
        )
        rows = [[self.say(key) for key in ("number", "event", "decided_at")]]
        for event in log["events"]:
            told = self.say(event["name"])
            rows.append([str(event["number"]), told, _when(event["occurred_at"])])
        self._grid(rows, (22, 102, 50))

    def _check(self) -> None:
        self._section("check")
        self._text(self.say("check-text"))
        self._code("pip install rakkan")
        self._code("python -m compliance evidence verify PACK.zip --trust KEYS")
        self._text(self.say("check-facts"))
        self._code(self._digest)
        self._text(self.say("check-limit"))

    def _section(self, key: str) -> None:
        self.ln(3)
        if self.will_page_break(28):
            self.add_page()
        self.set_font_size(12)
        self.set_text_color(*_SEAL)
        self.cell(0, 8, self.say(key), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.ln(1.5)

    def _subtitle(self, text: str) -> None:
        if self.will_page_break(24):
            self.add_page()
        self.set_font_size(9.5)
        self.set_text_color(*_INK)
        self.cell(0, 7, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _text(self, text: str) -> None:
        self.set_font(_FONT, size=9)
        self.set_text_color(*_INK)
        self.multi_cell(
            0, _LINE, text, align="L", wrapmode=self._wrap, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def _code(self, text: str) -> None:
        self.set_fill_color(244, 245, 247)
        self.set_font(_FONT, size=8.5)
        self.set_text_color(*_INK)
        self.ln(1)
        self.cell(0, 6.5, f"  {text}", fill=True, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)

    def _listed(self, words: Sequence[str]) -> str:
        return ", ".join(map(self.say, words)) or self.say("nothing")

    def _named(self, *rows: tuple[str, str]) -> None:
        """Write rows whose names are keys of words, without those that say nothing."""
        self._rows([(self.say(key), text) for key, text in rows if text])

    def _rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write names and what they are, without lines."""
        with self._table((52, 122), TableBordersLayout.NONE, named=False) as table:
            for name, text in rows:
                row = table.row()
                row.cell(name, style=FontFace(color=_MUTED))
                row.cell(text)

    def _grid(self, rows: Sequence[Sequence[str]], widths: tuple[int, ...]) -> None:
        """Write a table whose first row names its columns."""
        self.ln(1)
        with self._table(widths, TableBordersLayout.HORIZONTAL_LINES, named=True) as table:
            for row in rows:
                table.row(row)

    def _table(self, widths: tuple[int, ...], borders: TableBordersLayout, *, named: bool) -> Any:
        self.set_font(_FONT, size=8.5)
        self.set_text_color(*_INK)
        self.set_fill_color(255, 255, 255)
        return self.table(
            col_widths=widths,
            borders_layout=borders,
            headings_style=FontFace(color=_MUTED, size_pt=8),
            first_row_as_headings=named,
            line_height=_LINE,
            text_align="LEFT",
            wrapmode=self._wrap,
            padding=(0.3, 1, 0.3, 0),
        )


def _when(text: str | None) -> str:
    """Return a moment for people, in UTC to the second; what is none stays as it is."""
    try:
        return datetime.fromisoformat(text or "").astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return text or ""
