"""What the identity check says, in English and Japanese, by check."""

from generation.gate.texts import Text

_AGAIN_EN = "Start a new check and follow each prompt when it appears, then look straight again."
_AGAIN_JA = "もう一度確認を始め、表示された指示に従ったあと、正面に戻ってください。"
_EVIDENCE_EN = "Start a new check with your own camera, or hand in evidence for a reviewer instead."
_EVIDENCE_JA = "ご自身のカメラで確認をやり直すか、代わりに審査用の書類を提出してください。"
_CAMERA_EN = "Sit alone before the camera in even light and keep the whole face in the picture."
_CAMERA_JA = "明るさの均一な場所で、一人でカメラの前に座り、顔全体が映るようにしてください。"
_REVIEW_EN = "The reviewer looks at this closely."
_REVIEW_JA = "審査担当者がこの点を詳しく確認します。"


def _action(what_en: str, what_ja: str) -> Text:
    return Text(
        f"{what_en}: seen.",
        f"「{what_ja}」を確認できました。",
        f"{what_en}: not seen clearly.",
        f"「{what_ja}」をはっきり確認できませんでした。",
        _AGAIN_EN,
        _AGAIN_JA,
    )


IDENTITY_TEXTS: dict[str, Text] = {
    "clip-unreadable": Text(
        "The recording can be read.",
        "録画を読み取れます。",
        "The recording cannot be read.",
        "録画を読み取れません。",
        _EVIDENCE_EN,
        _EVIDENCE_JA,
    ),
    "clip-length": Text(
        "The recording is complete.",
        "録画は最後まで揃っています。",
        "The recording ends before the last prompt.",
        "最後の指示の前に録画が終わっています。",
        _AGAIN_EN,
        _AGAIN_JA,
    ),
    "clip-rate": Text(
        "There are enough pictures a second.",
        "毎秒の画像数は十分です。",
        "There are few pictures a second, so quick movements are lost.",
        "毎秒の画像数が少なく、速い動きを捉えられません。",
        "Close other programs, use more light, and start a new check.",
        "他のプログラムを閉じ、明るい場所で確認をやり直してください。",
    ),
    "clip-faces": Text(
        "One face is in the picture.",
        "映っている顔は一つです。",
        "There is no face in the picture, or more than one.",
        "顔が映っていないか、複数映っています。",
        _CAMERA_EN,
        _CAMERA_JA,
    ),
    "clip-face-found": Text(
        "The face stays in the picture.",
        "顔は常に画面内にあります。",
        "The face leaves the picture.",
        "顔が画面から外れています。",
        _CAMERA_EN,
        _CAMERA_JA,
    ),
    "clip-one-person": Text(
        "The face is the same from beginning to end.",
        "最初から最後まで同じ人の顔です。",
        "The face seems to change to that of somebody else.",
        "途中で別の人の顔に変わっているように見えます。",
        _EVIDENCE_EN,
        _EVIDENCE_JA,
    ),
    "portrait-match": Text(
        "The face is like the one of the portrait.",
        "写真の顔と似ています。",
        "The face is unlike the one of the portrait.",
        "写真の顔と似ていません。",
        "Choose a portrait that shows you, or hand in evidence for a reviewer instead.",
        "ご自身の写真を選ぶか、代わりに審査用の書類を提出してください。",
    ),
    "clip-is-portrait": Text(
        "The recording is another view than the portrait.",
        "録画は写真とは別に撮影されたものです。",
        "The recording shows the very photo of the portrait, or something drawn from it.",
        "録画に映っているのは、写真そのもの、またはそこから描かれたものです。",
        _EVIDENCE_EN,
        _EVIDENCE_JA,
    ),
    "action-blink": _action("Close both eyes for a moment", "両目を少しの間閉じる"),
    "action-smile": _action("Smile", "笑顔"),
    "action-turn-left": _action("Turn the head to the left", "顔を左に向ける"),
    "action-turn-right": _action("Turn the head to the right", "顔を右に向ける"),
    "action-raise-brows": _action("Raise the eyebrows", "眉を上げる"),
    "action-open-mouth": _action("Open the mouth", "口を開ける"),
    "action-timing": Text(
        "Each action came after its prompt and ended before the next.",
        "どの動作も指示のあとに始まり、次の指示の前に終わっています。",
        "An action came before its prompt, too late, or did not end.",
        "指示より早い、遅すぎる、または終わっていない動作があります。",
        _AGAIN_EN,
        _AGAIN_JA,
    ),
    "action-order": Text(
        "Nothing else was done than what was asked for.",
        "指示以外の動作はありません。",
        "Other actions were seen than those asked for at the time.",
        "指示とは異なる動作が見られます。",
        _AGAIN_EN,
        _AGAIN_JA,
    ),
    "turn-depth": Text(
        "What turns has the depth of a head.",
        "向きを変えたときに頭部の立体感があります。",
        "What turns is flat, as a picture is.",
        "向きを変えたものが、画像のように平面的です。",
        _EVIDENCE_EN,
        _EVIDENCE_JA,
    ),
    "clip-frozen": Text(
        "The picture does not freeze.",
        "映像は停止していません。",
        "The picture freezes.",
        "映像が停止しています。",
        _EVIDENCE_EN,
        _EVIDENCE_JA,
    ),
    "clip-repeats": Text(
        "No movement repeats exactly.",
        "まったく同じ動きの繰り返しはありません。",
        "A movement repeats exactly, as in a loop.",
        "ループ再生のように、まったく同じ動きが繰り返されています。",
        _EVIDENCE_EN,
        _EVIDENCE_JA,
    ),
    "clip-still": Text(
        "What is around the head moves a little, as before a camera.",
        "頭部の周囲に、実際の撮影らしいわずかな動きがあります。",
        "What is around the head is remarkably still.",
        "頭部の周囲が不自然なほど静止しています。",
        _REVIEW_EN,
        _REVIEW_JA,
    ),
    "clip-clock": Text(
        "The pictures come as unevenly as from a camera.",
        "画像の間隔に、カメラらしいばらつきがあります。",
        "The pictures come more evenly than from most cameras.",
        "画像の間隔が、一般的なカメラより均一です。",
        _REVIEW_EN,
        _REVIEW_JA,
    ),
    "clip-writer": Text(
        "The file is as browsers write it.",
        "ファイルはブラウザーが書き出した形式です。",
        "The file does not look as if a browser had written it.",
        "ファイルがブラウザーで書き出されたものに見えません。",
        _REVIEW_EN,
        _REVIEW_JA,
    ),
}
