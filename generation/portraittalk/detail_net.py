"""DetailNet: what latents lose of a person, given back from their photo.

An autoencoder of 24 to 1 forgets skin, hair and cloth, and the photo still has them. A small
network sees a drawn picture beside the photo, each with its drawn face. It is told how far away in
the photo each place is found (a field of shifts to sample by, arXiv 1506.02025), in the photo in a
blink as well, and which places are person and clothes, and says where to go beyond that, where lids
are down, which colours the photo's have become (affine maps of colours, as of bilateral grids:
arXiv 1707.02880), and how much of each to show. It reads latents and prompt as well: whether a
background is blurred on purpose is told there, and hardly by a picture that is soft anyway. A
decoder that is shown known pixels does the same (arXiv 2306.04632); this one is beside it, so that
latents and what was trained on them stay.
"""

from typing import NamedTuple

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.controlnets.controlnet import zero_module
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

from generation.portraittalk.clip import PARTS, Portraits, Scene

_PATCH = 2  # px a side: nothing is convolved at the full size
_COLOURS, _PARTS = 3 * _PATCH**2, PARTS * _PATCH**2
_CONTEXT = 24  # channels of what the coarse half tells the fine one
_MAPS = 2  # of colours: so that two things beside each other have one each
_MAP = 3 * 4  # numbers of one
_SHOWN = _MAPS + 3  # the photo under each map, the wall, the picture smoothed, the garment
_SMOOTH = 5  # px
_SURE = 4.0  # how soon a wall or a garment is one thing and not the other
_FOUND = 0.5  # more than this of clothes somewhere is clothes
_TOLD = 2.0  # how much of what landmarks say of shifts is believed at first, as a logit
_LIDS = -2.0  # where lids are seen at first, as a logit: hardly anywhere
_BLED = 1e-3  # what a place before a background counts in it


class Beside(NamedTuple):
    """What stands beside drawn pictures (b, 3, H, W) of one person.

    Attributes:
        photos: (b, 3, H, W) in -1..1, of whom each shows, cut in the same way.
        blinking: (b, 3, H, W) in -1..1, the same in the middle of a blink.
        drawn: (b, 3, H, W) in 0..1, the face as it shall stand; zeros where nobody says.
        drawn_photos: (b, 3, H, W) in 0..1, the face as it stands in the photo.
        flow: (b, 4, h, w), how far away places are found in the photo, and in that of a blink
            (`flow`); zeros where nobody says.
        parts: (b, 2, H, W) in 0..1, where in the photo the person is, and clothes.
        latents: (b, c, h, w) of about unit variance, which the pictures were decoded from.
        text: (b, n, token_size) states of the prompt that they were drawn by.
    """

    photos: Tensor
    blinking: Tensor
    drawn: Tensor
    drawn_photos: Tensor
    flow: Tensor
    parts: Tensor
    latents: Tensor
    text: Tensor

    @classmethod
    def of(
        cls, photos: Portraits, scene: Scene, latents: Tensor, text: Tensor, followed: float = 1.0
    ) -> "Beside":
        """Return what stands beside b frames of a clip.

        Args:
            photos: of the person; the first is taken.
            scene: what these frames show.
            latents: (b, c, h, w) of them.
            text: (1, n, token_size).
            followed: how much of the drawn face is shown, and of the way that landmarks moved is
                gone, 0..1.
        """
        first = (photos.pictures, photos.blinking, photos.drawn, photos.parts)
        photo = (*(x[:1] for x in first), text)
        pictures, blinking, drawn, parts, said = (
            x.expand(len(latents), *x.shape[1:]) for x in photo
        )
        faces, flow = followed * scene.drawn, followed * scene.flow
        return cls(pictures, blinking, faces, drawn, flow, parts, latents, said)


class Detailed(NamedTuple):
    """What DetailNet makes of drawn pictures.

    Attributes:
        pictures: (b, 3, H, W) about -1..1, with the photos' detail.
        shifted: (b, 3, H, W), the photos, each place where it is found in the picture; lids where
            they are seen.
        wall: (b, 3, H, W), what stands where the background is.
        garment: (b, 3, H, W), what stands where clothes are.
        kind: (b, 3), logits of that the wall is painted, that it is in focus, and that clothes
            are dyed.
    """

    pictures: Tensor
    shifted: Tensor
    wall: Tensor
    garment: Tensor
    kind: Tensor


class DetailNet(ModelMixin, ConfigMixin):  # type: ignore[misc]  # both name the config's file
    """Pictures and a photo of the same person to pictures with the photo's detail."""

    @register_to_config
    def __init__(
        self,
        channels: int = 8,
        token_size: int = 128,
        width: int = 32,
        coarse: int = 64,
        questions: int = 3,
        reach: float = 0.1,
        haze: float = 0.029,
    ) -> None:
        """Make a network that changes nothing yet.

        Args:
            channels: of latents.
            token_size: of the text encoder's states.
            width: channels at half the pictures' size.
            coarse: channels at a quarter of it, where shifts are found, and below.
            questions: that the prompt is asked, each answered by a mean of its states.
            reach: the furthest shift beyond what landmarks say, of half a picture.
            haze: how far out of focus a blurred background is, of the pictures' width.
        """
        super().__init__()
        self.see = _conv(6 * _COLOURS + _PARTS, width)
        self.down, self.read = _conv(width, coarse, stride=2), _conv(channels, coarse)
        self.ask = nn.Linear(token_size, questions, bias=False)
        self.listen = nn.Linear(questions * token_size, coarse)
        self.tell_coarse, self.tell_deep = nn.Linear(coarse, coarse), nn.Linear(coarse, coarse)
        self.deepen = _conv(coarse, coarse, stride=2)
        self.near, self.far = _conv(coarse, coarse), _conv(coarse, coarse, dilation=2)
        self.rise, self.even = nn.Conv2d(coarse, coarse, 1), _conv(coarse, coarse)
        self.lid = _conv(width, _PATCH**2)
        self.shift, self.dye = _conv(coarse, 4), _conv(coarse, _MAPS * _MAP)
        self.words, self.walls = nn.Linear(token_size, coarse), nn.Linear(2 * coarse, 2 + 3 + _MAP)
        self.cloth, self.garments = nn.Linear(2 * coarse, coarse), nn.Linear(coarse, 1 + 3 + 3)
        self.tell = nn.Conv2d(coarse, _CONTEXT, 1)
        self.join = _conv((2 + _MAPS) * _COLOURS + width + _CONTEXT + _PARTS, width)
        self.refine, self.out = _conv(width, width), _conv(width, (3 + _SHOWN) * _PATCH**2)
        for layer in (self.lid, self.shift, self.dye, self.walls, self.garments, self.out):
            zero_module(layer)
        nn.init.constant_(self.shift.get_parameter("bias")[2], _TOLD)
        nn.init.constant_(self.shift.get_parameter("bias")[3], _LIDS)
        self._reach, self._haze = reach, haze

    def forward(self, pictures: Tensor, beside: Beside) -> Detailed:
        """Return the pictures with the photos' detail.

        Args:
            pictures: (b, 3, H, W) in -1..1, drawn; both sizes multiples of 4.
            beside: what they were drawn by.
        """
        seen = self._seen(pictures, beside)
        heard = self._heard(beside.text)
        wide = self._understood(seen, beside.latents, heard)
        shifted, parts = self._looked_up(beside, seen, wide)
        maps = _as_large(self.dye(wide), pictures).unflatten(1, (_MAPS, 3, 4))
        dyed = [_mapped(shifted, maps[:, each]) for each in range(_MAPS)]
        told = functional.interpolate(self.tell(wide), scale_factor=2.0, mode="nearest")
        every = [*map(_patches, (pictures, shifted, *dyed)), seen, told, _patches(parts)]
        fine = functional.silu(self.join(torch.cat(every, 1)))
        fine = fine + functional.silu(self.refine(fine))
        out = functional.pixel_shuffle(self.out(fine), _PATCH)
        # One word out of twenty is enough to be heard here: "blurred".
        heard = torch.cat([heard, functional.relu(self.words(beside.text)).amax(1)], 1)
        walls, garments = self.walls(heard), self.garments(functional.silu(self.cloth(heard)))
        wall = self._wall(beside.photos, beside.parts[:, :1], walls)
        garment = _garment(shifted, beside, walls[:, 5:], garments)
        smooth = functional.avg_pool2d(pictures, _SMOOTH, 1, _SMOOTH // 2, count_include_pad=False)
        found = pictures + out[:, :3]
        for number, shown in enumerate((*dyed, wall, smooth, garment)):
            found = found + out[:, 3 + number, None] * (shown - pictures)
        kind = _SURE * torch.cat([walls[:, :2], garments[:, :1]], 1)
        return Detailed(found, shifted, wall, garment, kind)

    def _seen(self, pictures: Tensor, beside: Beside) -> Tensor:
        """Return features at half the size: what is there; photo and blink moved, too."""
        moved = _sampled(beside.photos, beside.flow[:, :2])
        blink = _sampled(beside.blinking, beside.flow[:, 2:])
        faces = (beside.drawn, beside.drawn_photos)
        every = (pictures, beside.photos, *faces, moved, blink, beside.parts)
        seen: Tensor = functional.silu(self.see(torch.cat([_patches(each) for each in every], 1)))
        return seen

    def _heard(self, text: Tensor) -> Tensor:
        """Return what was asked for, (b, coarse)."""
        answers = self.ask(text).softmax(1).transpose(1, 2) @ text  # (b, questions, token_size)
        heard: Tensor = functional.silu(self.listen(answers.flatten(1)))
        return heard

    def _understood(self, seen: Tensor, latents: Tensor, heard: Tensor) -> Tensor:
        """Return features at a quarter of the size: what is where, and what shall be there."""
        wide = self.down(seen)
        read = functional.interpolate(self.read(latents), size=wide.shape[-2:], mode="nearest")
        wide = functional.silu(wide + read + self.tell_coarse(heard)[:, :, None, None])
        deep = functional.silu(self.deepen(wide) + self.tell_deep(heard)[:, :, None, None])
        deep = deep + functional.silu(self.near(deep))
        deep = deep + functional.silu(self.far(deep))
        wide = wide + _as_large(self.rise(deep), wide)
        even: Tensor = wide + functional.silu(self.even(wide))
        return even

    def _looked_up(self, beside: Beside, seen: Tensor, wide: Tensor) -> tuple[Tensor, Tensor]:
        """Return the photos and their parts, each place where it is found; lids where they are.

        That is where landmarks say, as far as they are believed, and beyond.
        """
        said = self.shift(wide)
        told = beside.flow.float()
        beyond = _as_large(said[:, :3].float(), told)
        shift = self._reach * torch.tanh(beyond[:, :2])
        flow = torch.sigmoid(beyond[:, 2:]) * told + torch.cat([shift, shift], 1)
        photos = torch.cat([beside.photos, beside.parts], 1)
        shifted, parts = _sampled(photos, flow[:, :2]).split((3, PARTS), 1)
        blink = _sampled(beside.blinking, flow[:, 2:])
        lids = functional.pixel_shuffle(self.lid(seen), _PATCH) + _as_large(said[:, 3:], shifted)
        return shifted + torch.sigmoid(lids) * (blink - shifted), parts

    def _wall(self, photos: Tensor, person: Tensor, said: Tensor) -> Tensor:
        """Return what the prompt says of a background: the photo's, blurred, or painted.

        In single precision: walls differ from each other by less than a level of 255.
        """
        with torch.autocast(photos.device.type, enabled=False):
            wall = self._painted(photos.float(), person.float(), said.float()[:, :, None, None])
        return wall.to(photos.dtype)

    def _painted(self, photos: Tensor, person: Tensor, said: Tensor) -> Tensor:
        painted, sharp = torch.sigmoid(_SURE * said[:, :2]).split(1, 1)
        hazy = _blurred(photos, (1 - person).clamp_min(_BLED), self._haze)
        lit = _mapped(hazy + sharp * (photos - hazy), said[:, 5:].unflatten(1, (3, 4)))
        wall: Tensor = lit + painted * (said[:, 2:5] - lit)
        return wall


def _conv(given: int, made: int, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(given, made, 3, stride, dilation, dilation)


def _patches(pictures: Tensor) -> Tensor:
    return functional.pixel_unshuffle(pictures, _PATCH)


def _as_large(x: Tensor, as_this: Tensor) -> Tensor:
    size = as_this.shape[-2:]
    return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _mapped(pictures: Tensor, maps: Tensor) -> Tensor:
    """Return pictures (b, 3, H, W) in other colours: `maps` (b, 3, 4, H, W) or 1 x 1 are added."""
    added = (maps[:, :, :3] * pictures[:, None]).sum(2) + maps[:, :, 3]
    return pictures + added


def _sampled(photos: Tensor, flow: Tensor) -> Tensor:
    """Return each place's pixels of photos (b, n, H, W); in single precision: places are fractions.

    Args:
        photos: that are looked into.
        flow: (b, 2, h, w), how far away places are found, in halves of the photo's side.
    """
    steady = torch.eye(2, 3, device=photos.device).expand(len(photos), 2, 3)
    places = functional.affine_grid(steady, list(photos.shape), align_corners=False)
    moved = places + _as_large(flow.float(), photos).permute(0, 2, 3, 1)
    found = functional.grid_sample(
        photos.float(), moved, padding_mode="border", align_corners=False
    )
    return found.to(photos.dtype)


def _garment(shifted: Tensor, beside: Beside, light: Tensor, said: Tensor) -> Tensor:
    """Return what the prompt says of clothes: the photo's in its light, or dyed.

    A dye has one colour; folds keep some of their own light and shade, by how they differ from the
    mean of the photo's clothes. Where none were found, nothing is dyed. In single precision: half
    of it counts no more than 65,504 places.

    Args:
        shifted: (b, 3, H, W), the photos, each place where it is found.
        beside: photos and where clothes are.
        light: (b, 12), an affine map of colours.
        said: (b, 7): whether they are dyed, the colour, and how much of folds each channel keeps.
    """
    with torch.autocast(shifted.device.type, enabled=False):
        dyed, colour, folds = said.float()[:, :, None, None].split((1, 3, 3), 1)
        worn, photos = beside.parts[:, 1:].float(), beside.photos.float()
        shade = (photos.mean(1, keepdim=True) * worn).sum((2, 3), keepdim=True)
        usual = shade / worn.sum((2, 3), keepdim=True).clamp_min(1)
        there = worn.amax((2, 3), keepdim=True) > _FOUND
        lit = _mapped(shifted.float(), light.float()[:, :, None, None].unflatten(1, (3, 4)))
        cloth = colour + folds * (shifted.float().mean(1, keepdim=True) - usual)
        garment: Tensor = lit + there * torch.sigmoid(_SURE * dyed) * (cloth - lit)
    return garment.to(shifted.dtype)


def _blurred(pictures: Tensor, counts: Tensor, share: float) -> Tensor:
    """Return pictures (b, 3, H, W) under a Gaussian, its deviation a share of their width.

    What is before a background must not bleed into it: `counts` (b, 1, H, W), more than 0, say how
    much each place's colour is worth.
    """
    sigma = share * pictures.shape[-1]
    half = max(1, min(round(2.5 * sigma), *(side - 1 for side in pictures.shape[-2:])))
    away = torch.arange(-half, half + 1, device=pictures.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (away / sigma).square())
    kernel = (kernel / kernel.sum()).to(pictures.dtype).expand(4, 1, -1)
    worth = torch.cat([pictures * counts, counts], 1)
    padded = functional.pad(worth, (half, half, half, half), mode="reflect")
    rows = functional.conv2d(padded, kernel[:, :, None], groups=4)
    blurred = functional.conv2d(rows, kernel[..., None], groups=4)
    return blurred[:, :3] / blurred[:, 3:]
