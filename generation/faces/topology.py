"""Vertex numbers of MediaPipe's 478-point face that the project uses by name.

"Right" and "left" are the depicted person's. Contours run from the right corner to the left one.
"""

MESH_POINTS = 468  # the canonical mesh; points 468..477 are the two irises

RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER = 61, 291
UPPER_INNER_LIP_MIDDLE, LOWER_INNER_LIP_MIDDLE = 13, 14
UPPER_OUTER_LIP_MIDDLE, LOWER_OUTER_LIP_MIDDLE = 0, 17
FOREHEAD, CHIN, NOSE_BASE = 10, 152, 2
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263
RIGHT_CHEEK, LEFT_CHEEK = 50, 280
CHEEKS = (50, 280, 205, 425)

UPPER_INNER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
# fmt: off
# Lip points that move with one lip only, corners left out.
UPPER_LIP = (
    191, 80, 81, 82, 13, 312, 311, 310, 415,
    185, 40, 39, 37, 0, 267, 269, 270, 409,
    184, 74, 73, 72, 11, 302, 303, 304, 408,
    183, 42, 41, 38, 12, 268, 271, 272, 407,
)
LOWER_LIP = (
    95, 88, 178, 87, 14, 317, 402, 318, 324,
    146, 91, 181, 84, 17, 314, 405, 321, 375,
    77, 90, 180, 85, 16, 315, 404, 320, 307,
    96, 89, 179, 86, 15, 316, 403, 319, 325,
)
LIP_CORNERS = (61, 291, 78, 308, 76, 306, 62, 292)
OUTER_LIPS = (
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    291, 375, 321, 405, 314, 17, 84, 181, 91, 146,
)

# Per eye: upper lid, lower lid (corner to corner), lower edge of the brow.
RIGHT_EYE = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (46, 53, 52, 65, 55),
)
LEFT_EYE = (
    (263, 466, 388, 387, 386, 385, 384, 398, 362),
    (263, 249, 390, 373, 374, 380, 381, 382, 362),
    (276, 283, 282, 295, 285),
)
RIGHT_IRIS = (468, 469, 470, 471, 472)  # centre first
LEFT_IRIS = (473, 474, 475, 476, 477)
BROWS = (
    70, 63, 105, 66, 107, 46, 53, 52, 65, 55,
    300, 293, 334, 296, 336, 276, 283, 282, 295, 285,
)
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288,
    397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
    172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)

# The 146 points that the blendshape network reads, in its order.
BLENDSHAPE_POINTS = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168,
    172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276,
    282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380,
    381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454,
    466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)
BLENDSHAPE_NAMES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft",
    "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft",
    "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen",
    "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)
# fmt: on
