"""What the gate says of the frames that it tried, in English and Japanese, by check."""

from generation.gate.texts import Text

TRIAL_TEXTS: dict[str, Text] = {
    "trial-face": Text(
        "Tried for a moment, the face stayed in sight.",
        "試しに動かしたところ、顔は見えていました。",
        "Tried for a moment, the face could not be found in the frames.",
        "試しに動かしたところ、顔を見失いました。",
        "Use a sharp, evenly lit photo from the front, with nothing before the face.",
        "正面から均一な光で撮り、顔の前に何もない、はっきりした写真を使ってください。",
    ),
    "trial-lips": Text(
        "Tried for a moment, the lips moved as they should.",
        "試しに動かしたところ、唇は指示どおりに動きました。",
        "Tried for a moment, the lips did not move as they should.",
        "試しに動かしたところ、唇が指示どおりに動きませんでした。",
        "Use a photo that shows mouth and chin whole and sharp, with nothing before them.",
        "口とあごの全体がはっきり写り、前に何もない写真を使ってください。",
    ),
    "trial-blur": Text(
        "Tried for a moment, the face was sharp enough.",
        "試しに動かしたところ、顔は十分はっきりしていました。",
        "Tried for a moment, the face was blurred.",
        "試しに動かしたところ、顔がぼやけていました。",
        "Use a larger photo in focus, taken from nearer, with the camera held still.",
        "近くから、ピントが合い、手ぶれのない、より大きい写真を使ってください。",
    ),
    "trial-likeness": Text(
        "Tried for a moment, the face stayed the person's.",
        "試しに動かしたところ、顔は本人のままでした。",
        "What the photo has lost of the face and what speaking changes of it make another face.",
        "写真で失われた特徴と、話すことによる変化が重なり、別人の顔になるおそれがあります。",
        "Use a clear photo of a calm face, the mouth nearly closed; the other lines say what else.",
        "落ち着いた表情で口をほぼ閉じた、はっきりした写真を使ってください(ほかの項目も参照)。",
    ),
    "likeness": Text(
        "The face shows what makes a person recognisable.",
        "本人と分かる特徴が写っています。",
        "So much of the face is hidden or changed that the video may show another face.",
        "顔の多くが隠れているか変わっているため、動画では別人の顔になるおそれがあります。",
        "Use a clear photo of the whole face; what the other lines warn of is the likely reason.",
        "顔全体がはっきり写った写真を使ってください(ほかの項目の注意が主な原因です)。",
    ),
}
