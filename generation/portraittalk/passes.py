"""The inputs of all passes that guidance asks for: what lasts for a clip, and a window's own."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.attention import AUDIO, IDENTITY, STRUCTURE, TEXT
from generation.portraittalk.clip import Scene
from generation.portraittalk.conditions import Conditions, Kept, Residuals
from generation.portraittalk.identity_net import IdentityNet


@dataclass(frozen=True)
class Person:
    """The portraits of a clip, as IdentityNet reads them: computed once.

    Attributes:
        latents: (1, r, c, h, w).
        drawn: (1, r, 3, H, W).
        tokens: (1, n, size).
    """

    latents: Tensor
    drawn: Tensor
    tokens: Tensor


class Passes:
    """All passes over one clip."""

    def __init__(
        self,
        animate_net: AnimateNet,
        identity_net: IdentityNet,
        person: Person,
        texts: tuple[Tensor, Tensor],
        dropped: list[frozenset[str]],
    ) -> None:
        """Prepare what lasts.

        Args:
            animate_net: the denoising network.
            identity_net: whose answer is computed once a window.
            person: of the clip.
            texts: states (1, n, size) of the prompt and of the empty one.
            dropped: what each pass does without.
        """
        self._kept: dict[int, Kept] = {}
        self._animate_net, self._identity_net = animate_net, identity_net
        self._person, self._dropped = person, dropped
        self._text = torch.cat([texts[TEXT in gone] for gone in dropped])
        nobody = identity_net.nobody(1)
        both = (person.tokens, nobody)
        self._identity = torch.cat([both[IDENTITY in gone] for gone in dropped])

    def __len__(self) -> int:
        """Return how many passes there are."""
        return len(self._dropped)

    def kept(self, windows: int) -> Kept:
        """Return keys and values of text and identity of so many windows at once.

        The layers compute them in the first step, and they last for the clip.
        """
        return self._kept.setdefault(windows, {})

    def conditions(self, scene: Scene, size: tuple[int, int]) -> Conditions:
        """Return the inputs of one window for all passes.

        Args:
            scene: what it shows, f frames.
            size: of the latents.
        """
        net, frames = self._animate_net, len(scene.drawn)
        like = torch.empty(0, device=net.device, dtype=net.dtype)
        drawn = scene.drawn[None].to(like)
        structure, tokens = net.structure(drawn)
        voices = (net.audio(scene.voice[None].to(like)), net.audio.silence(1, frames))
        masks = (
            functional.adaptive_avg_pool2d(mask.to(like), size).expand(len(self), -1, -1, -1)
            for mask in (scene.face, scene.lips)
        )
        face, lips = masks
        there = self._there(STRUCTURE)
        return Conditions(
            text=self._text.to(like),
            identity=self._identity.to(like),
            audio=torch.cat([voices[AUDIO in gone] for gone in self._dropped]),
            structure=structure * there[:, None, None, None, None],
            structure_tokens=None if tokens is None else tokens * there[:, None, None, None],
            residuals=self._residuals(scene.drawn),
            face=face,
            lips=lips,
        )

    def _there(self, path: str) -> Tensor:
        """Return 1 for each pass that has an input, and 0 for the others."""
        net = self._animate_net
        has = [float(path not in gone) for gone in self._dropped]
        return torch.tensor(has, device=net.device, dtype=net.dtype)

    def _residuals(self, drawn: Tensor) -> Residuals:
        net, person = self._identity_net, self._person
        there = self._there(IDENTITY)[:, None, None, None, None]
        found: Residuals = net(
            person.latents,
            drawn[None].to(net.device, net.dtype),
            person.drawn,
            person.tokens,
        )

        def for_all(features: Tensor) -> Tensor:
            return (features[None].to(there) * there).flatten(0, 1)

        return replace(found, down=tuple(map(for_all, found.down)), mid=for_all(found.mid))
