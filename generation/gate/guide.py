"""The shooting guide's table: what the gate asks of a photo, from the limits that it judges by."""

import math

from generation.gate.findings import Limits
from generation.gate.portrait import PORTRAIT_LIMITS
from generation.gate.texts import TEXTS
from generation.gate.trial_texts import TRIAL_TEXTS

_HEADS = {
    "en": "| what is wrong | unit | doubtful | unusable | what helps |",
    "ja": "| 問題 | 単位 | 注意 | 使用不可 | 対処 |",
}
_NEVER = {"en": "never", "ja": "なし"}
_UNITS_JA = {
    "px": "画素",
    "degrees": "度",
    "cm": "cm",
    "level": "255段階",
    "of 1": "最大1",
    "fraction outside": "外に出た割合",
    "of the face": "顔に占める割合",
    "of the cheeks'": "頬の明るさに対する比",
    "stops": "段",
    "times": "倍",
    "chance": "確率",
    "chroma": "彩度",
    "years": "歳",
    "distance": "顔の距離",
    "of the frames": "フレームの割合",
    "correlation": "相関係数",
}


def limits_table(language: str = "en") -> str:
    """Return the limits as a Markdown table, in English ("en") or Japanese ("ja")."""
    rows = [_row(limits, language) for limits in PORTRAIT_LIMITS]
    return "\n".join([_HEADS[language], "|---|---|---|---|---|", *rows])


def _row(limits: Limits, language: str) -> str:
    text = (TEXTS | TRIAL_TEXTS)[limits.check]
    unit, name, remedy = {
        "en": (limits.unit, text.bad_en, text.remedy_en),
        "ja": (_UNITS_JA[limits.unit], text.bad_ja, text.remedy_ja),
    }[language]
    sign = "<" if limits.reject < limits.warn else ">"
    bounds = (
        f"{sign} {bound:g}" if math.isfinite(bound) else _NEVER[language]
        for bound in (limits.warn, limits.reject)
    )
    return f"| {name} | {unit} | {' | '.join(bounds)} | {remedy} |"
