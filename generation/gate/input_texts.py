"""What the gate says of a picture's form, and of one for the background, by check."""

from generation.gate.texts import Text

_JPEG_EN = "Export it as a JPEG; on an iPhone, Settings, Camera, Formats, Most Compatible."
_JPEG_JA = (
    "JPEGで書き出してください(iPhoneでは「設定」「カメラ」「フォーマット」で「互換性優先」)。"
)

INPUT_TEXTS: dict[str, Text] = {
    "portrait-heif": Text(
        "The picture is of a form that everybody can see.",
        "誰でも表示できる形式の画像です。",
        "It is a HEIC, HEIF or AVIF photo, which not everybody who has to look at it can see.",
        "HEIC、HEIF、AVIFの写真で、確認する人の環境では表示できないことがあります。",
        _JPEG_EN,
        _JPEG_JA,
    ),
    "portrait-animated": Text(
        "The picture does not move.",
        "動かない画像です。",
        "The picture is animated: people would see others than the one that is used.",
        "動く画像です(使われる1枚とは別の画像が人の目に触れます)。",
        "Save the one picture that is meant as a JPEG, PNG or WebP.",
        "使う1枚をJPEG、PNG、WebPのいずれかで保存してください。",
    ),
    "background-unreadable": Text(
        "The picture for the background can be read.",
        "背景の画像を読み取れました。",
        "The picture for the background cannot be used.",
        "背景の画像を使えません。",
        "Make a new draft with a JPEG, PNG or WebP picture of at most 40 megapixels.",
        "4000万画素以下のJPEG、PNG、WebP画像で下書きを作り直してください。",
    ),
    "background-shows-people": Text(
        "The picture for the background shows no face.",
        "背景の画像に顔は写っていません。",
        "The picture for the background shows a face.",
        "背景の画像に顔が写っています。",
        "Make a new draft with a picture without people: nobody has asked whether they want to be"
        " in it.",
        "人物の写っていない画像で下書きを作り直してください(写っている方の同意がありません)。",
    ),
}
