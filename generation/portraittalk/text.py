"""The prompt, as states that cross-attention reads, and a small vocabulary of one's own."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

NOTHING = ""  # the prompt that guidance compares with
_END = "</w>"  # of a word
_SPECIAL = ("<|startoftext|>", "<|endoftext|>")


def encode(tokenizer: CLIPTokenizer, encoder: CLIPTextModel, prompts: list[str]) -> Tensor:
    """Return the states (n, tokens, size) of n prompts; what is too long is cut off."""
    rows = tokenizer(
        prompts,
        padding="max_length",
        max_length=encoder.config.max_position_embeddings,
        truncation=True,
        return_tensors="pt",
    )
    states: Tensor = encoder(rows.input_ids.to(encoder.device)).last_hidden_state
    return states


def tokenizer_of(texts: Iterable[str], length: int) -> CLIPTokenizer:
    """Make a tokenizer of CLIP's kind that knows every word of some texts as one token.

    Other words fall into their letters, so there is no text that it cannot read.

    Args:
        texts: English, all that training will say.
        length: tokens of the longest prompt.
    """
    letters = sorted(bytes_to_unicode().values())
    merges = _merges({word for text in texts for word in re.findall(r"[a-z]+", text.lower())})
    tokens = [*letters, *(letter + _END for letter in letters), *map("".join, merges), *_SPECIAL]
    return CLIPTokenizer(
        vocab={token: number for number, token in enumerate(dict.fromkeys(tokens))},
        merges=merges,  # type: ignore[arg-type]  # BPE takes pairs
        model_max_length=length,
    )


def _merges(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs that byte-pair encoding (arXiv 1508.07909) joins until words are whole.

    The trainer of `tokenizers` breaks ties differently in each process; here the alphabet does.
    """
    split = [[*word[:-1], word[-1] + _END] for word in sorted(words)]
    merges: list[tuple[str, str]] = []
    while counts := Counter(pair for parts in split for pair in pairwise(parts)):
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        split = [_joined(parts, best) for parts in split]
    return merges


def _joined(parts: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    for part in parts:
        if out and (out[-1], part) == pair:
            out[-1] += part
        else:
            out.append(part)
    return out


@torch.no_grad()
def states_of_nothing(tokenizer: CLIPTokenizer, encoder: CLIPTextModel) -> Tensor:
    """Return the states (1, tokens, size) of the empty prompt."""
    return encode(tokenizer, encoder, [NOTHING])
