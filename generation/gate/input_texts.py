"""What the gate says of photos in forms that it does not take, by check."""

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
}
