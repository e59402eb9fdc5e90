"""Speech whose sounds and times are known: one English reader, and many voices of espeak-ng.

The reader's prompts are aligned to their texts by PocketSphinx, and espeak-ng tells its times. The
half of the texts that ``judging/fit.py`` holds out is held out here, and so are the voices of
HELD_OUT. The judge of lips was fitted to the same reader and to the same half of the texts, said by
other voices. Of each piece there is one as it is and one with noise: white, pink, or six others who
speak.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from generation.audio import Phone, Speech
from generation.audio.speech import Samples
from tests.benchmarks.hearing.tracks import added
from tests.benchmarks.judging.fit import read_prompts, texts
from tests.benchmarks.judging.spoken import speak

SPOKEN = {
    "en": ("en-us+m1", "en+f1", "en-us+f5"),
    "es": ("es-419+f4", "es+m2", "es+f3"),
    "fr": ("fr+m2", "fr-be+f1", "fr+f3"),
    "it": ("it+m4", "it+f5", "it+m7"),
    "ru": ("ru+m1", "ru+f5", "ru+m4"),
    "de": ("de+m3", "de+f1"),
    "pt": ("pt+f2", "pt+m3"),
    "ja": ("ja+m4", "ja+f5", "ja+m1", "ja+m5", "ja+f1"),
}
READ = "read en"  # the reader's group
HELD_OUT = {
    "en": ("en-us+f2",),
    "es": ("es+m3",),
    "fr": ("fr+m5",),
    "it": ("it+m1",),
    "ru": ("ru+f2",),
    "ja": ("ja",),
}
TEXTS_OF = {"de": "en", "pt": "es"}  # no texts of their own: they read these, as they can
_JAPANESE = (
    "昨日の晩ご飯は魚と味噌汁でした。",
    "部屋の窓を開けて風を入れましょう。",
    "次の電車は八番線から発車します。",
    "母と妹は市場へ買い物に行きました。",
    "この番号に電話をかけてください。",
    "若い人々が広場に集まっています。",
    "毎朝、新聞を読みながらパンを食べます。",
    "飛行機の窓から富士山が見えました。",
    "もしも雨が降ったら、部活動は休みです。",
    "病院の前でバスを降りてください。",
    "おばあさんは縁側で昼寝をしています。",
    "社員はみな新しい規則を学びました。",
    "壁の時計は五分ほど遅れています。",
    "子供たちは砂浜でぶらぶら遊んだ。",
    "ご不便をおかけして申し訳ございません。",
    "明日の便に間に合うように荷物を運びます。",
    "選ばれた作品は美術館に並べられます。",
    "駅までの道を地図で調べておきます。",
    "夕べは遅くまで勉強していました。",
    "鞄の中に帽子と手袋があります。",
    "隣の部屋で誰かが歌っています。",
    "自分の言葉で説明してください。",
    "運動場で走る人が増えました。",
    "あの店の豆腐は柔らかくておいしい。",
    "地下鉄の窓口で切符を買いました。",
    "大部分の席はもう埋まっています。",
    "野球部の先輩に手紙を書きました。",
    "首都の郊外に新しい工場ができた。",
    "お土産に葡萄酒を二本選びました。",
    "壊れた瓶を新聞紙で包みました。",
    "夏休みの宿題はほとんど終わった。",
    "小さな子犬が庭をぐるぐる回る。",
    "劇場の舞台裏を特別に見せてもらう。",
    "洗濯物を畳んで引き出しにしまう。",
    "湯船にゆっくり浸かると疲れが取れる。",
    "坂道の途中に古いパン屋があります。",
)
_JAPANESE_HELD_OUT = (
    "旅館の女将が玄関で迎えてくれました。",
    "机の上に鉛筆とノートを並べます。",
    "冬になると湖が凍って真っ白になる。",
    "弟はピアノの練習を休みません。",
    "予約の変更は前日まで受け付けます。",
    "公園のベンチで弁当を食べました。",
)
_SENTENCES = {"ja": 36}  # of each voice; there is no reader of Japanese
_FEWER = 18  # of the others
_WORDS_A_MINUTE = (120, 140, 160, 185)
_RATIOS = (3.0, 25.0)  # dB, voice to noise


@dataclass(frozen=True)
class Example:
    """A piece of speech, what is said in it, and who belongs together in the table."""

    group: str
    speech: Speech
    phones: list[Phone]


def examples(*, held_out: bool) -> Iterator[Example]:
    """Yield pieces as they are: those to fit on, or the others."""
    for speech, phones in read_prompts(held_out=held_out):
        yield Example(READ, speech, phones)
    draw = random.Random(3)  # noqa: S311  the same sentences each time
    for language, voices in (HELD_OUT if held_out else SPOKEN).items():
        said = _said(language, held_out)
        for voice in voices:
            for text in draw.sample(said, min(_SENTENCES.get(language, _FEWER), len(said))):
                spoken = speak(text, voice, draw.choice(_WORDS_A_MINUTE))
                yield Example(f"espeak {language}", spoken.speech, _ipa(spoken.phones, language))


def _ipa(phones: list[Phone], language: str) -> list[Phone]:
    """Return sounds in IPA: espeak-ng writes the Russian "ы" as "y"."""
    if language != "ru":
        return phones
    return [replace(phone, symbol=phone.symbol.replace("y", "ɨ")) for phone in phones]


def _said(language: str, held_out: bool) -> list[str]:
    if language == "ja":
        return list(_JAPANESE_HELD_OUT if held_out else _JAPANESE)
    return [text for _, text, _ in texts(TEXTS_OF.get(language, language), held_out)]


def noisy(pieces: list[Example]) -> Iterator[Example]:
    """Yield each piece with noise beside the voice."""
    rng = np.random.default_rng(3)
    for piece in pieces:
        voice = piece.speech.samples
        kind = ("white", "pink", "others")[rng.integers(3)]
        noise = _others(pieces, piece, rng) if kind == "others" else _noise(kind, voice.size)
        ratio = rng.uniform(*_RATIOS)
        mixed = voice + noise * (voice.std() / noise.std() * 10 ** (-ratio / 20))
        mixed = (mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32)
        yield Example(piece.group, Speech(mixed), piece.phones)


def _noise(kind: str, size: int) -> Samples:
    return added(kind, size, held_out=False)


def _others(pieces: list[Example], piece: Example, rng: np.random.Generator) -> Samples:
    """Return six others who speak at once, as long as a piece."""
    size = piece.speech.samples.size
    total = np.zeros(size, np.float32)
    others = [each.speech.samples for each in pieces if each is not piece]
    for _ in range(6):
        voice = others[rng.integers(len(others))]
        total += np.resize(np.roll(voice, rng.integers(voice.size)), size) / max(voice.std(), 1e-6)
    return total
