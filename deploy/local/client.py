"""One account's view of the public HTTP API."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from deploy.local.codes import codes
from deploy.local.errors import LocalError

POLL_SECONDS = 0.4
Document = dict[str, Any]


class Account:
    """A signed-in person: every call is made with their own token."""

    def __init__(self, site: str, credentials: dict[str, str]) -> None:
        """Signs in.

        Raises:
            LocalError: The site refuses the credentials.
        """
        # trust_env: a proxy of the environment has no business between us and loopback.
        self._http = httpx.Client(base_url=f"{site}/api/v1/", timeout=60.0, trust_env=False)
        self.name = credentials["email"]
        self._secret = credentials.get("totp_secret", "")
        body = {"email": credentials["email"], "password": credentials["password"]}
        token = self._with_code("auth/login", body)["token"]
        self._http.headers["Authorization"] = f"Token {token}"

    def confirm(self) -> None:
        """Shows that it is still this person, as every decision asks.

        Raises:
            LocalError: The site takes no code.
        """
        self._with_code("auth/confirm", {})

    def _with_code(self, path: str, body: Document) -> Document:
        """Posts with a code of the person's authenticator app, if they have one."""
        if not self._secret:
            return self.post(path, json=body)
        for code in codes(self._secret):
            try:
                return self.post(path, json={**body, "code": code})
            except LocalError as error:
                refusal = error
                if error.code != "code-wrong":  # else it was used a moment ago
                    break
        raise refusal

    def get(self, path: str, **options: Any) -> Document:
        """Reads one document.

        Raises:
            LocalError: The site refuses; its problem document tells why.
        """
        return self._answer(self._http.get(path, **options))

    def post(self, path: str, **options: Any) -> Document:
        """Does one thing and returns what came of it.

        Raises:
            LocalError: The site refuses; its problem document tells why.
        """
        return self._answer(self._http.post(path, **options))

    def refused(self, path: str, **options: Any) -> Document:
        """Tries what must not be allowed, and returns the problem document.

        Raises:
            LocalError: It was allowed, or the site failed.
        """
        response = self._http.post(path, **options)
        if not 400 <= response.status_code < 500:
            raise LocalError(
                "not-refused",
                f"POST {path} as {self.name} was answered {response.status_code}, not refused.",
                "This is a fault in Rakkan: please report it.",
            )
        return dict(response.json())

    def upload(self, path: str, part: str, file: Path, fields: Document | None = None) -> Document:
        """Sends a file with some fields.

        Raises:
            LocalError: The file cannot be read, or the site refuses it.
        """
        try:
            stream = file.open("rb")
        except OSError as error:
            raise LocalError(
                "input-unreadable",
                f"{file} cannot be read: {error.strerror}.",
                "Name a file that is there: PORTRAIT=photo.jpg AUDIO=voice.wav make demo.",
            ) from error
        with stream:
            return self.post(path, files={part: (file.name, stream)}, data=fields or {})

    def download(self, path: str, target: Path) -> None:
        """Fetches a file; nothing half-written is ever found under its name.

        Raises:
            LocalError: The site refuses, or the file cannot be written.
        """
        new = target.with_name(target.name + ".part")
        try:
            with self._http.stream("GET", path) as response, new.open("wb") as handle:
                if response.status_code >= 400:
                    response.read()
                    self._answer(response)
                for block in response.iter_bytes():
                    handle.write(block)
            new.replace(target)
        except OSError as error:
            raise LocalError(
                "output-unwritable",
                f"{target} cannot be written: {error.strerror}.",
                "Choose another place: OUT=video.mp4 make demo.",
            ) from error
        finally:
            new.unlink(missing_ok=True)

    def wait(
        self, path: str, done: Callable[[Document], bool], seconds: float,
        tell: Callable[[Document], None] = lambda document: None,
    ) -> Document:  # fmt: skip
        """Reads a document again and again until `done` says so, and returns it.

        Raises:
            LocalError: It did not happen in `seconds`.
        """
        deadline = time.monotonic() + seconds
        while True:
            document = self.get(path)
            tell(document)
            if done(document):
                return document
            if time.monotonic() > deadline:
                raise LocalError(
                    "took-too-long",
                    f"Nothing came of {path} in {seconds:.0f} s.",
                    "Look at the logs in .rakkan/log: render.log, seal.log and clerk.log.",
                )
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _answer(self, response: httpx.Response) -> Document:
        if response.status_code < 400:
            return dict(response.json())
        try:
            problem = response.json()
        except ValueError:
            problem = {"title": f"{response.status_code} {response.reason_phrase}"}
        details = [f"{key}: {value}" for key, value in problem.get("errors", {}).items()]
        raise LocalError(
            str(problem.get("code", "site-failed")),
            "\n".join([str(problem.get("title", "The site refused.")), *details]),
            str(problem.get("remedy") or "Look at .rakkan/log/web.log."),
        )
