"""What the gate says of what is heard beside a voice, by check."""

from generation.gate.texts import Text

SOUND_TEXTS: dict[str, Text] = {
    "speech-length": Text(
        "Enough is said.",
        "話している長さは十分です。",
        "Hardly anything is said.",
        "話している部分がとても短いです。",
        "Record at least one whole sentence.",
        "少なくとも1文を録音してください。",
    ),
    "sound-noise": Text(
        "The voice stands out from the noise.",
        "雑音は気になりません。",
        "Noise or other voices are nearly as loud as the voice: the lips will not follow it well.",
        "雑音やほかの人の声が大きく、口の動きが音声と合わなくなります。",
        "Record it again in a quiet room, near to the microphone.",
        "静かな部屋で、マイクに近づいて録音し直してください。",
    ),
    "steady-lips": Text(
        "Heard again a little otherwise, the lips move the same.",
        "少し条件を変えて聞き直しても、口は同じように動きます。",
        "Heard again a little otherwise, the lips move otherwise: what lies beside the voice "
        "(noise, others, music) or distortion leads them.",
        "少し条件を変えて聞き直すと、口の動きが変わります(雑音、ほかの人の声、音楽、音割れに左右されています)。",
        "Record the voice alone in a quiet room, near to the microphone, and not so loud that it "
        "distorts.",
        "静かな部屋で、マイクに近づき、音が割れない大きさで、声だけを録音してください。",
    ),
    "music": Text(
        "No music was heard.",
        "音楽は入っていません。",
        "Music or other held tones were heard.",
        "音楽など、伸ばした音が入っています。",
        "Use the recording of the voice alone, before music was added.",
        "音楽を加える前の、声だけの録音を使ってください。",
    ),
    "music-only": Text(
        "Somebody speaks.",
        "話し声があります。",
        "There is music in which nobody speaks.",
        "音楽だけで、話し声がありません。",
        "Choose a recording of somebody speaking.",
        "人が話している録音を選んでください。",
    ),
}
