"""What a stranger's file is, by what we know of our releases. It names nobody (0081)."""

from __future__ import annotations

from collections.abc import Iterable

from compliance.verify.asking import Answer, Question, answer, proposals
from rakkan.core.tenancy import as_system
from rakkan.verification.archive import ReleaseArchive
from rakkan.verification.services.examining import asked, examined


def ask(chunks: Iterable[bytes]) -> Answer:
    """Examine an upload and say what it is; nothing of it is kept, and nobody is told who asked.

    Raises:
        BadInput: it is empty or too large.
        Refused: it takes too long, or others are being examined.
        Unavailable: the examination broke off.
    """
    with examined(chunks) as (path, examination), as_system():  # whosever release it is
        question = Question(examination, ReleaseArchive())
        if proposed := proposals(question):
            question = Question(asked(path, examination, proposed), question.archive)
        return answer(question)
