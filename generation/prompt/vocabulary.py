"""The words a prompt may use, in English and Japanese, and what each does or why it cannot.

Patterns are regular expressions, matched without regard to case; English ones only as whole words.
"""

from dataclasses import dataclass, field

from generation.prompt.effects import EXPRESSION, FACTORS


@dataclass(frozen=True)
class Concept:
    """One thing a prompt can ask for.

    Attributes:
        name: stable, for reports and translations.
        en: alternatives in English.
        ja: alternatives in Japanese.
        adjust: what it changes (names of :class:`generation.prompt.PromptEffects`); empty where
            it cannot be honoured.
        text_en: the effect, or why there is none.
        text_ja: the same in Japanese.
        noun: whether it takes the words before it along, as in "warm light".
    """

    name: str
    en: str
    ja: str
    adjust: dict[str, float] = field(default_factory=dict)
    text_en: str = ""
    text_ja: str = ""
    noun: bool = False

    @property
    def honoured(self) -> bool:
        """Whether asking for it changes the video."""
        return bool(self.adjust)

    @property
    def needs(self) -> str:
        """The change of the picture that the consent must permit for it; empty where none."""
        return "expression" if EXPRESSION & set(self.adjust) else ""

    @property
    def reversible(self) -> bool:
        """Whether "not" and "less" ask for something that can be done."""
        return any(name in FACTORS for name in self.adjust)


HONOURED = (
    Concept(
        "calm",
        r"calm(?:ly|er)?|relaxed|quiet(?:ly)?|peaceful(?:ly)?|serene|composed",
        r"落ち着い|落ちつい|落着い|穏やか|おだやか|静か|ゆったり|冷静",
        {"movement": 0.6, "openness": 0.95, "blinking": 0.8},
        "smaller, slower head movement and fewer blinks",
        "頭の動きを小さくし、まばたきを減らします",
    ),
    Concept(
        "energetic",
        r"energetic(?:ally)?|energy|lively|excited(?:ly)?|enthusias(?:m|tic|tically)|dynamic"
        r"|passionate(?:ly)?|animated",
        r"元気|活発|エネルギッシュ|情熱的|生き生き|いきいき|熱意|ダイナミック",
        {"movement": 1.5, "openness": 1.15, "brow": 0.06},
        "larger head movement, wider mouth, livelier brows",
        "頭の動き、口の開き、眉の動きを大きくします",
    ),
    Concept(
        "warm",
        r"warm(?:ly|th)?|friendly|kind(?:ly)?|welcoming|gentle|approachable|hospitable",
        r"温か|暖か|あたたか|親しみ|フレンドリー|優し|やさし|親切",
        {"smile": 0.25, "squint": 0.12},
        "a slight smile that reaches the eyes",
        "目元まで届くかすかな微笑みを加えます",
    ),
    Concept(
        "smiling",
        r"smil(?:e|es|ing|ingly|ey)|happ(?:y|ily)|cheerful(?:ly)?|joy(?:ful|fully)?|grin(?:ning)?",
        r"笑顔|微笑|ほほえ|ほほ笑|にこやか|にこにこ|ニコニコ|スマイル|笑|嬉し|うれし|楽し|明るい表情",
        {"smile": 0.55, "squint": 0.25},
        "a smile",
        "笑顔にします",
    ),
    Concept(
        "serious",
        r"serious(?:ly)?|formal(?:ly)?|stern|grave|solemn(?:ly)?|earnest(?:ly)?",
        r"真剣|真面目|まじめ|厳粛|フォーマル|厳か|堅実",
        {"movement": 0.75, "frown": 0.12},
        "less head movement and slightly gathered brows",
        "頭の動きを抑え、眉をわずかに寄せます",
    ),
    Concept(
        "professional",
        r"professional(?:ly)?|businesslike|confident(?:ly)?|self-assured|assured",
        r"プロフェッショナル|ビジネスライク|自信|堂々",
        {"movement": 0.85, "turning": 0.7, "pitch": -1.0},
        "a steadier, slightly raised head",
        "頭を安定させ、わずかに上げます",
    ),
    Concept(
        "surprised",
        r"surpris(?:ed|e|ing|ingly)|amazed|astonished",
        r"驚|おどろ|びっくり",
        {"brow": 0.35, "openness": 1.08},
        "raised brows",
        "眉を上げます",
    ),
    Concept(
        "sad",
        r"sad(?:ly)?|sorrowful|mournful|regretful(?:ly)?|apologetic(?:ally)?",
        r"悲し|哀し|寂し|申し訳な",
        {"smile": -0.35, "pitch": 2.0, "movement": 0.7},
        "lowered corners of the mouth and a lowered head",
        "口角と頭を少し下げます",
    ),
    Concept(
        "angry",
        r"angr(?:y|ily)|furious|annoyed",
        r"怒|腹を立て|苛立",
        {"frown": 0.6, "smile": -0.15, "movement": 1.2},
        "gathered brows and stronger movement",
        "眉を寄せ、動きを強めます",
    ),
    Concept(
        "concerned",
        r"concerned|worried|anxious|frown(?:s|ing)?|thoughtful(?:ly)?",
        r"心配|不安|眉をひそめ|考え込|思慮深",
        {"frown": 0.4},
        "gathered brows",
        "眉を寄せます",
    ),
    Concept(
        "curious",
        r"curious(?:ly)?|interested|attentive(?:ly)?",
        r"興味|好奇心|関心",
        {"brow": 0.15, "tilt": 2.0},
        "slightly raised brows and a slight tilt of the head",
        "眉をわずかに上げ、首を少し傾けます",
    ),
    Concept(
        "raised-brows",
        r"raised (?:eye)?brows|rais(?:e|es|ing) (?:(?:his|her|their|the) )?(?:eye)?brows",
        r"眉を上げ|眉毛を上げ",
        {"brow": 0.3},
        "raised brows",
        "眉を上げます",
    ),
    Concept(
        "nodding",
        r"nod(?:s|ding|ded)?",
        r"うなず|うなづ|頷|相槌|あいづち",
        {"nods": 1.0},
        "nods on stressed syllables",
        "強調される音節でうなずきます",
    ),
    Concept(
        "head-tilt",
        r"(?:head tilt(?:ed)?|tilt(?:ed|ing|s)? (?:(?:his|her|their|the) )?head)",
        r"首をかしげ|首を傾げ|首を傾け|小首",
        {"tilt": 4.0},
        "a tilted head",
        "首を傾けます",
    ),
    Concept(
        "still",
        r"still|motionless|steady|steadily|restrained|subdued|understated|subtle movements?",
        r"じっと|動かない|動かず|静止|控えめ|抑えめ",
        {"movement": 0.35},
        "hardly any head movement",
        "頭をほとんど動かしません",
    ),
    Concept(
        "facing-camera",
        r"(?:looking|looks?|facing|faces) (?:straight |directly )?(?:at|into|to|towards?) (?:the )?"
        r"(?:camera|viewer)|eye contact",
        r"カメラ目線|カメラを見|正面を向|正面を見|アイコンタクト",
        {"turning": 0.4, "glancing": 0.2},
        "the head turns less and the eyes hardly glance aside",
        "顔をカメラに向けたままにし、視線をほとんどそらしません",
    ),
    Concept(
        "expressive",
        r"expressive(?:ly)?|articulate|clear(?:ly)? articulat(?:ed|ion)",
        r"表情豊か|はっきり",
        {"openness": 1.15, "movement": 1.2},
        "wider mouth and livelier movement",
        "口の開きと動きを大きくします",
    ),
    Concept(
        "often-blinking",
        r"blink(?:s|ing)?",
        r"まばたき|瞬き",
        {"blinking": 1.6},
        "more blinks",
        "まばたきを増やします",
    ),
)

_PICTURE_EN = "the mesh engine keeps the photo as it is; the portraittalk engine is meant to change"
_PICTURE_JA = "meshエンジンは写真をそのまま使います。portraittalkエンジンの対象です"
_PERSON_EN = "it would change how the person looks; no engine here does that, the photo is kept"
_PERSON_JA = "本人の見た目を変えるため、どのエンジンでも行いません。写真をそのまま使います"
_VOICE_EN = "the sound is the voice track that was given; no engine here changes it"
_VOICE_JA = "音声は渡された音声ファイルのままで、どのエンジンも変更しません"

NOT_HONOURED = (
    Concept(
        "light",
        r"(?:sun|day|spot|back|stage|studio )?light(?:s|ing|ed)?|lit|shadows?|sunset|golden hour",
        r"光|照明|ライティング|ライト|逆光|日差し|影",
        text_en=f"{_PICTURE_EN} the light",
        text_ja=_PICTURE_JA,
        noun=True,
    ),
    Concept(
        "background",
        r"backgrounds?|backdrops?|office|studio|scene(?:ry)?|room|outdoors?|indoors?|city|beach",
        r"背景|バックグラウンド|オフィス|スタジオ|屋外|屋内|部屋|風景",
        text_en=f"{_PICTURE_EN} the background",
        text_ja=_PICTURE_JA,
        noun=True,
    ),
    Concept(
        "framing",
        r"close[- ]?ups?|(?:wide|medium|long|full|head) shots?|framing|zoom(?:s|ing|ed)?"
        r"|portrait mode|camera (?:movement|moves?|pan|angle)|bokeh|depth of field|full body",
        r"クローズアップ|アップ|引きの|構図|ズーム|カメラワーク|カメラアングル|ボケ|全身",
        text_en=f"{_PICTURE_EN} framing and camera",
        text_ja=_PICTURE_JA,
        noun=True,
    ),
    Concept(
        "style",
        r"cinematic|photo-?realis(?:m|tic)|realistic|anime|cartoon|painting|4k|8k|hd"
        r"|high quality|high resolution|film grain|black and white|watercolou?r",
        r"映画風|シネマティック|写実的|リアル|アニメ|漫画|高画質|高解像度|白黒|水彩",
        text_en=f"{_PICTURE_EN} the style",
        text_ja=_PICTURE_JA,
        noun=True,
    ),
    Concept(
        "gaze",
        r"look(?:s|ing)? (?:away|left|right|up|down|aside)|glanc(?:e|es|ing)",
        r"目をそら|視線をそら|横を見|上を見|下を見|よそ見",
        text_en="the mesh engine draws short glances only, never a lasting look to one side; the "
        "portraittalk engine is meant to",
        text_ja="meshエンジンは短い視線の動きだけを描き、横を見続けることはできません。"
        "portraittalkエンジンの対象です",
    ),
    Concept(
        "clothing",
        r"suits?|ties?|dress(?:ed)?|clothes|clothing|wearing|jackets?|shirts?|uniforms?"
        r"|glasses|hats?",
        r"スーツ|ネクタイ|服|ジャケット|シャツ|制服|眼鏡|メガネ|帽子",
        text_en=_PERSON_EN,
        text_ja=_PERSON_JA,
        noun=True,
    ),
    Concept(
        "appearance",
        r"young(?:er)?|old(?:er)?|beautiful|handsome|slim(?:mer)?|makeup|hair(?:style)?|beard"
        r"|skin|tall",
        r"若い|若く|若々し|年配|美し|きれい|ハンサム|痩せ|メイク|化粧|髪|ひげ|髭|肌",
        text_en=_PERSON_EN,
        text_ja=_PERSON_JA,
        noun=True,
    ),
    Concept(
        "hands",
        r"hands?|gestur(?:e|es|ing)|arms?|shrug(?:s|ging)?|wav(?:e|es|ing)|point(?:s|ing)|walk(?:s|ing)?",
        r"手振り|身振り|ジェスチャー|手を|腕|肩をすくめ|手|歩",
        text_en="only the head moves; no engine here draws hands or the body",
        text_ja="動くのは頭部だけで、手や体を描くエンジンはありません",
        noun=True,
    ),
    Concept(
        "voice",
        r"whisper(?:s|ing)?|loud(?:ly)?|shout(?:s|ing)?|voice|accent|pitch|music"
        r"|(?:speak(?:s|ing)?|talk(?:s|ing)?) (?:slow(?:ly)?|fast|quick(?:ly)?)|slow(?:ly)?|fast",
        r"ささや|大声|小声|声|アクセント|音楽|早口|ゆっくり|速く",
        text_en=_VOICE_EN,
        text_ja=_VOICE_JA,
        noun=True,
    ),
    Concept(
        "occasion",
        r"(?:product |press |news |weekly |team )?"
        r"(?:briefing|presentation|announcement|introduction|demo|launch|report"
        r"|training|tutorial|interview|keynote|lecture)|news(?: anchor)?"
        r"|advert(?:isement|ising)?|commercial|marketing|corporate",
        r"製品説明|商品説明|製品紹介|商品紹介|ブリーフィング|プレゼン(?:テーション)?|発表|説明会|ニュース"
        r"|研修|インタビュー|広告|講義|紹介|報告",
        text_en="it says what the video is for, not how the face moves; "
        "name a manner such as calm, warm or energetic",
        text_ja="用途を表す言葉で、顔の動きは決まりません。「落ち着いた」「温かい」など様子で書いてください",
        noun=True,
    ),
)

CONCEPTS = HONOURED + NOT_HONOURED

UNKNOWN_EN = "not in the vocabulary; see `python -m generation vocabulary`"
UNKNOWN_JA = "語彙にない言葉です。`python -m generation vocabulary` を参照してください"
FORBIDDEN_EN = "the consent does not permit changing the expression"
FORBIDDEN_JA = "同意の範囲では表情を変えられません"
EMPTY_EN = "these words ask for nothing by themselves"
EMPTY_JA = "この言葉だけでは指示になりません"

STRONG = r"very|really|extremely|highly|strongly|more|much|lots? of|big|broad(?:ly)?"
STRONG_JA = r"とても|非常に|すごく|かなり|大変|もっと|満面の"
WEAK = r"slight(?:ly)?|a (?:little|bit)|a touch of|somewhat|faint(?:ly)?|mild(?:ly)?"
WEAK_JA = r"少し|すこし|やや|ちょっと|軽く|かすかに|かすかな|わずかに"
LESS = r"less|fewer|reduced"
LESS_JA = r"控えめに|少なめに"
NEGATION = r"not|no|never|without|don't|do not|doesn't|does not|non"
NEGATION_AFTER_JA = r"[ぁ-ん]{0,3}?(?:ない|なし|無し|ません|ずに|ず|少なめ|控えめ|減ら)"
# Words that carry no wish of their own; they are reported together with their neighbours.
FILLERS = (
    r"an?|the|his|her|their|its|is|are|be|being|of|as|like|please|make|keep|let|him|them|it|she|he"
    r"|they|who|that|person|speaker|presenter|man|woman|face|head|expression|look(?:s|ing)?|tone"
    r"|manner|mood|style|feel(?:ing)?|way|speak(?:s|ing)?|talk(?:s|ing)?|movements?|video|portrait"
    r"|often|sometimes|occasional(?:ly)?|natural(?:ly)?"
)
FILLERS_JA = r"表情|感じ|雰囲気|トーン|口調|様子|話し方|話す|話し|話|人物|人|動画|頭|顔|自然"
LINKS = r"in front of|with|in|on|at|against|under|by|for|to|from|into|while|and|but|or|plus"
