"""The words a prompt may use, in English and Japanese, and what each does or why it cannot.

Patterns are regular expressions, matched without regard to case; English ones only as whole words.
"""

from dataclasses import dataclass, field

from generation.prompt.effects import EXPRESSION, FACTORS, SURROUNDINGS


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
        noun: whether it takes the words before it along, as in "harsh light".
        backdrop: the plain background it asks for, "" for none.
        clothing: the colour of clothes it asks for, "" for none.
        engine: the one that does what is not honoured here, "" for none.
        given: whether the request carries what it asks for.
    """

    name: str
    en: str
    ja: str
    adjust: dict[str, float] = field(default_factory=dict)
    text_en: str = ""
    text_ja: str = ""
    noun: bool = False
    backdrop: str = ""
    clothing: str = ""
    engine: str = ""
    given: bool = False

    @property
    def honoured(self) -> bool:
        """Whether asking for it changes the video."""
        return bool(self.adjust or self.backdrop or self.clothing or self.given)

    @property
    def of_the_picture(self) -> bool:
        """Whether it changes the picture and not the person's movement."""
        return bool(self.backdrop or (SURROUNDINGS | {"zoom"}) & set(self.adjust))

    @property
    def needs(self) -> str:
        """The change of the picture that the consent must permit for it; empty where none."""
        if self.clothing:
            return "clothing"
        if self.backdrop or SURROUNDINGS & set(self.adjust):
            return "background"
        return "expression" if EXPRESSION & set(self.adjust) else ""

    @property
    def reversible(self) -> bool:
        """Whether "not" and "less" ask for something that can be done."""
        return any(name in FACTORS for name in self.adjust)


MOVEMENT = (
    Concept(
        "calm",
        r"calm(?:ly|er)?|relaxed|quiet(?:ly)?|peaceful(?:ly)?|serene|composed",
        r"落ち着い|落ちつい|落着い|穏やか|おだやか|静か|ゆったり|冷静",
        {"movement": 0.5, "openness": 0.95, "blinking": 0.8},
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
        {"smile": 0.32, "squint": 0.15},
        "a slight smile that reaches the eyes",
        "目元まで届くかすかな微笑みを加えます",
    ),
    Concept(
        "smiling",
        r"smil(?:e|es|ing|ingly|ey)|happ(?:y|ily)|cheerful(?:ly)?|joy(?:ful|fully)?|grin(?:ning)?",
        r"笑顔|微笑|ほほえ|ほほ笑|にこやか|にこにこ|ニコニコ|スマイル|笑|嬉し|うれし|楽し|明るい表情",
        {"smile": 0.65, "squint": 0.25},
        "a smile",
        "笑顔にします",
    ),
    Concept(
        "serious",
        r"serious(?:ly)?|formal(?:ly)?|stern|grave|solemn(?:ly)?|earnest(?:ly)?",
        r"真剣|真面目|まじめ|厳粛|フォーマル|厳か|堅実",
        {"movement": 0.5, "frown": 0.25, "smile": -0.2},
        "less head movement, slightly gathered brows and less of a smile",
        "頭の動きを抑え、眉をわずかに寄せ、笑みを弱めます",
    ),
    Concept(
        "professional",
        r"professional(?:ly)?|businesslike|confident(?:ly)?|self-assured|assured",
        r"プロフェッショナル|ビジネスライク|自信|堂々",
        {"turning": 0.4, "movement": 0.7, "pitch": -2.0},
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
        {"smile": -0.65, "pitch": 3.0, "movement": 0.7},
        "lowered corners of the mouth and a lowered head",
        "口角と頭を少し下げます",
    ),
    Concept(
        "angry",
        r"angr(?:y|ily)|furious|annoyed",
        r"怒|腹を立て|苛立",
        {"frown": 0.8, "smile": -0.3, "movement": 1.2},
        "gathered brows and stronger movement",
        "眉を寄せ、動きを強めます",
    ),
    Concept(
        "concerned",
        r"concerned|worried|anxious|frown(?:s|ing)?|thoughtful(?:ly)?",
        r"心配|不安|眉をひそめ|考え込|思慮深",
        {"frown": 0.6},
        "gathered brows",
        "眉を寄せます",
    ),
    Concept(
        "curious",
        r"curious(?:ly)?|interested|attentive(?:ly)?",
        r"興味|好奇心|関心",
        {"brow": 0.3, "tilt": 3.0},
        "raised brows and a slight tilt of the head",
        "眉を上げ、首を少し傾けます",
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

_LIGHT = r"(?:light(?:s|ing)?|lit)"
_BEHIND = r"(?:back ?grounds?|backdrops?)"
_GAZE_EN = "the eyes rest {side} as the viewer sees it, the head a little with them"

LIGHT = (
    Concept(
        "warm-light",
        rf"(?:warm(?:er|ly)?|golden|amber) (?:\w+ )?{_LIGHT}|golden hour|sunset|candle ?light",
        r"(?:暖か|温か|あたたか)い?な?(?:光|照明|ライト)(?:の中)?|暖色|夕日|夕焼け",
        {"warmth": 0.7},
        "the light becomes warmer; nothing is lit anew",
        "光を暖かい色にします(照らし直しはしません)",
    ),
    Concept(
        "cool-light",
        rf"(?:cool(?:er)?|cold|bluish|moon) ?(?:\w+ )?{_LIGHT}",
        r"(?:冷た|涼し|青白)い(?:光|照明|ライト)|寒色|月明かり",
        {"warmth": -0.7},
        "the light becomes cooler; nothing is lit anew",
        "光を冷たい色にします(照らし直しはしません)",
    ),
    Concept(
        "dim-light",
        rf"(?:dim(?:med|mer|ly)?|low|dark(?:er)?|subdued|night) (?:\w+ )?{_LIGHT}|low[- ]key",
        r"薄暗い?の?(?:光|照明|ライト)?|(?:暗い|暗め|暗く|弱い)の?(?:光|照明|ライト)?",
        {"brightness": -0.7},
        "the whole picture becomes darker",
        "画面全体を暗くします",
    ),
    Concept(
        "bright-light",
        rf"(?:bright(?:er|ly)?|well|strong) ?-?(?:\w+ )?{_LIGHT}|high[- ]key|day ?light",
        r"(?:明る|強)い(?:光|照明|ライト|画面)|明るく照ら|昼光",
        {"brightness": 0.6},
        "the whole picture becomes brighter",
        "画面全体を明るくします",
    ),
    Concept(
        "light-from-left",
        rf"(?:side|raking|rembrandt) ?-?{_LIGHT}|{_LIGHT} from (?:the |one |a )?(?:left|side)"
        rf"|left[- ]side {_LIGHT}",
        r"横からの?(?:光|照明|ライト)|サイドライト|左(?:側)?からの?(?:光|照明|ライト)",
        {"sidelight": -0.7},
        "the light falls off from the left of the picture to the right, without cast shadows",
        "画面の左から右へ光を弱めます(影は描きません)",
    ),
    Concept(
        "light-from-right",
        rf"{_LIGHT} from (?:the )?right|right[- ]side {_LIGHT}",
        r"右(?:側)?からの?(?:光|照明|ライト)",
        {"sidelight": 0.7},
        "the light falls off from the right of the picture to the left, without cast shadows",
        "画面の右から左へ光を弱めます(影は描きません)",
    ),
)

FRAMING = (
    Concept(
        "blurred-background",
        rf"(?:blurr?(?:ed|y)?|soft|defocus(?:s?ed)?|out[- ]of[- ]focus)(?: the)? {_BEHIND}|blurred"
        rf"|{_BEHIND} (?:blurr?(?:ed|y)?|out of focus)|bokeh|shallow depth of field|portrait mode",
        r"背景を?(?:が|は)?(?:ぼか|ボカ|ぼけ|ボケ)|(?:ぼか|ボカ|ぼけ|ボケ)(?:し|た|て|い)*背景|ボケ",
        {"blur": 1.0},
        "the background is put out of focus",
        "背景をぼかします",
    ),
    Concept(
        "close-up",
        r"close[- ]?ups?|head ?shots?|tight(?:er)? (?:shot|crop|framing)|zoomed in|closer",
        r"クローズアップ|アップで|アップ|顔を大きく|寄りの?(?:構図|画)?",
        {"zoom": 0.8},
        "the frame is cropped closer to the face, as far as a chin and hair allow",
        "顔に寄せて切り取ります",
    ),
    Concept(
        "wide-shot",
        r"(?:wide|medium|long) shots?|(?:wider|loose) (?:shot|crop|framing)|half[- ]length"
        r"|zoomed out|whole photo",
        r"引きの?(?:構図|画|ショット)?|広めの?構図|写真全体|上半身",
        {"zoom": -0.8},
        "the frame shows more of the photo, as far as it reaches",
        "写真にある範囲で広く写します",
    ),
    Concept(
        "looking-left",
        r"(?:look(?:s|ing)?|gaz(?:e|es|ing)) (?:to (?:the |his |her )?)?(?:left|aside|away)",
        r"左を(?:見|向)|横を見|目をそら|視線をそら|よそ見",
        {"look": -0.15, "yaw": -2.5, "glancing": 0.6},
        _GAZE_EN.format(side="to the left"),
        "視線を画面の左に向け、顔も少し向けます",
    ),
    Concept(
        "looking-right",
        r"(?:look(?:s|ing)?|gaz(?:e|es|ing)) (?:to (?:the |his |her )?)?right",
        r"右を(?:見|向)",
        {"look": 0.15, "yaw": 2.5, "glancing": 0.6},
        _GAZE_EN.format(side="to the right"),
        "視線を画面の右に向け、顔も少し向けます",
    ),
)

_COLOURS = (
    ("plain", r"plain|solid|neutral|simple|uniform", r"無地|単色|シンプルな", "無地"),
    ("white", r"white", r"白い?", "白"),
    ("grey", r"gr[ea]y", r"灰色|グレー", "灰色"),
    ("black", r"black|dark", r"黒い?", "黒"),
    ("blue", r"blue", r"青い?|ブルー", "青"),
    ("green", r"green", r"緑(?:色)?|グリーン", "緑"),
    ("red", r"red", r"赤い?|レッド", "赤"),
    ("beige", r"beige|cream", r"ベージュ|クリーム色", "ベージュ"),
)


def _plain(name: str, en: str, ja: str, text_ja: str) -> Concept:
    between = r"(?:(?:plain|solid|simple)(?: colou?r)? )?"
    return Concept(
        f"{name}-background",
        rf"{between}(?:{en}) {between}(?:{_BEHIND}|wall)|{_BEHIND} (?:in |is )?{between}(?:{en})",
        rf"(?:{ja})(?:の|な)?背景|背景(?:は|を|が)?(?:{ja})",
        text_en="a plain background" + (f" in {name}" if name != "plain" else ""),
        text_ja=f"背景を{text_ja}にします",
        backdrop=name,
    )


HONOURED = (*MOVEMENT, *LIGHT, *FRAMING, *(_plain(*colour) for colour in _COLOURS))

_PERSON_EN = "it would change how the person looks; no engine here does that, the photo is kept"
_PERSON_JA = "本人の見た目を変えるため、どのエンジンでも行いません。写真をそのまま使います"
_VOICE_EN = "the sound is the voice track that was given; no engine here changes it"
_VOICE_JA = "音声は渡された音声ファイルのままで、どのエンジンも変更しません"

DYES = (
    ("red", "red", r"赤い?|レッドの", "赤"),
    ("blue", "blue|navy", r"青い?|ブルーの|紺の", "青"),
    ("green", "green", r"緑(?:色)?の?|グリーンの", "緑"),
    ("white", "white", r"白い?", "白"),
    ("black", "black", r"黒い?", "黒"),
)


def _clothes(name: str, en: str, ja: str, text_ja: str) -> Concept:
    """Return a wish that another engine honours: the mesh engine leaves clothes as they are."""
    worn = r"(?:tops?|clothes|clothing|shirts?|t-shirts?|blouses?|sweaters?|pullovers?)"
    return Concept(
        f"{name}-clothes",
        rf"(?:(?:wearing|dressed in|in) )?(?:an? )?(?:{en}) {worn}|dressed in (?:{en})",
        rf"(?:{ja})(?:の)?(?:服|シャツ|トップス|ブラウス|セーター)",
        text_en="the mesh engine leaves clothes as they are; the portraittalk engine dyes them "
        f"{name}",
        text_ja=f"meshエンジンは服を変えません。portraittalkエンジンは服を{text_ja}に染めます",
        noun=True,
        engine="portraittalk",
    )


NOT_HONOURED = (
    *(_clothes(*dye) for dye in DYES),
    Concept(
        "light",
        r"(?:sun|day|spot|back|stage|studio )?light(?:s|ing|ed)?|lit|shadows?",
        r"光|照明|ライティング|ライト|逆光|日差し|影",
        text_en="light is made warmer, cooler, dimmer or brighter, by the mesh engine also from "
        "one side; no engine here makes other light",
        text_ja="光は、暖かい・冷たい・暗い・明るい(meshエンジンでは横からも)だけです。ほかの光を作るエンジンはありません",
        noun=True,
    ),
    Concept(
        "background-picture",
        r"(?:given|uploaded|provided|attached|supplied) (?:picture|image|photo)"
        rf"(?: as (?:the )?{_BEHIND})?"
        rf"|{_BEHIND} (?:picture|image|photo)",
        r"(?:渡し|指定し|添付し)た(?:画像|写真)|背景(?:の)?(?:画像|写真)",
        text_en="no picture was given with the request; give one, or ask for a blurred or a plain "
        "background",
        text_ja="依頼に背景の画像が添えられていません。画像を添えるか、ぼかしか無地を指定してください",
    ),
    Concept(
        "background",
        rf"{_BEHIND}|office|studio|scene(?:ry)?|room|outdoors?|indoors?|city|beach",
        r"背景|バックグラウンド|オフィス|スタジオ|屋外|屋内|部屋|風景",
        text_en="the background is blurred or made plain (white, grey, black, blue, green, red, "
        "beige); no engine here invents a place",
        text_ja="背景は、ぼかしか無地(白・灰色・黒・青・緑・赤・ベージュ)だけです。場所を作るエンジンはありません",
        noun=True,
    ),
    Concept(
        "framing",
        r"full shots?|framing|zoom(?:s|ing|ed)?|camera (?:movement|moves?|pan|angle)"
        r"|depth of field|full body",
        r"構図|ズーム|カメラワーク|カメラアングル|全身",
        text_en="the photo is cropped once, closer or wider; no engine here moves the camera",
        text_ja="写真は一度だけ切り取ります(アップか引き)。カメラを動かすエンジンはありません",
        noun=True,
    ),
    Concept(
        "style",
        r"cinematic|photo-?realis(?:m|tic)|realistic|anime|cartoon|painting|4k|8k|hd"
        r"|high quality|high resolution|film grain|black and white|watercolou?r",
        r"映画風|シネマティック|写実的|リアル|アニメ|漫画|高画質|高解像度|白黒|水彩",
        text_en="no engine here changes the style: the photo is kept",
        text_ja="画風を変えるエンジンはありません。写真をそのまま使います",
        noun=True,
    ),
    Concept(
        "gaze",
        r"look(?:s|ing)? (?:up|down)(?:wards?)?|glanc(?:e|es|ing)",
        r"上を見|下を見|ちらっと見|うつむ",
        text_en="the eyes rest on the camera or to one side; no engine here looks up or down",
        text_ja="視線はカメラか左右だけです。上下を見るエンジンはありません",
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
# With a picture that was given for the background: words that ask for it, and for another one.
GIVEN = Concept(
    "background-picture",
    "",
    "",
    text_en="the picture that was given is shown behind the person",
    text_ja="渡された画像を人物の後ろに表示します",
    given=True,
)
INSTEAD = Concept(
    "background",
    "",
    "",
    text_en="a picture was given for the background, and it is shown instead",
    text_ja="背景の画像が渡されているため、その画像を表示します",
)

UNKNOWN_EN = "not in the vocabulary; see `python -m generation vocabulary`"
UNKNOWN_JA = "語彙にない言葉です。`python -m generation vocabulary` を参照してください"
# For words outside of it: the nearest one, how near, how far ahead of the next, and both limits.
TAKEN_EN = 'taken for "{}" (nearness {}): '
TAKEN_JA = "「{}」に近い言葉として扱います(近さ {})。"
TOO_FAR_EN = '; nearest is "{}" ({}, {} ahead of the next), and {:.2f} and {:.2f} ahead are needed'
TOO_FAR_JA = (
    "。最も近いのは「{}」(近さ {}、次との差 {})ですが、近さ {:.2f}、差 {:.2f} 以上が必要です"
)
# By the change that a consent must permit.
FORBIDDEN = {
    "expression": (
        "the consent does not permit changing the expression",
        "同意の範囲では表情を変えられません",
    ),
    "background": (
        "the consent does not permit changing the surroundings, light among them",
        "同意の範囲では背景や光を変えられません",
    ),
    "clothing": (
        "the consent does not permit changing the clothes",
        "同意の範囲では服を変えられません",
    ),
}
DYED = frozenset(f"{name}-clothes" for name, *_ in DYES)
FRAMES = frozenset(concept.name for concept in HONOURED if "zoom" in concept.adjust)
NO_ROOM_EN = "the photo has no room for it: the frame stays as it is"
NO_ROOM_JA = "写真に余裕がないため、構図はそのままです"
NO_CLOTHES_EN = "no clothes were found for certain in the photo: they stay as they are"
NO_CLOTHES_JA = "写真から服を確実に見つけられないため、服はそのままです"
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
