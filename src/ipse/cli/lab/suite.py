"""Configurations of the judges' programs: templates with the lab's clients filled in.

In a template `{"$client": "id", …}` becomes that client with its credentials and the members beside it, `{"$mtls":
"id"}` its certificate and key, and in any text `$issuer`, `$suite`, `$phone` and `$subject:id` their values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from ipse.cli.lab.file import LabFile
from ipse.cli.lab.seeding import Credentials

_SUBJECT: Final = re.compile(r"\$subject:([A-Za-z0-9_-]+)")


@dataclass(frozen=True)
class Filling:
    """What templates are filled with."""

    lab: LabFile
    issuer: str
    known: Mapping[str, Credentials]
    subjects: Mapping[str, str] = field(default_factory=dict)
    """What clients of the back channel call the person."""

    def filled(self, template: Any) -> Any:  # noqa: ANN401 - any JSON
        """A template with everything in its place. Raises KeyError for a client that there is not."""
        if isinstance(template, list):
            return [self.filled(each) for each in template]
        if isinstance(template, str):
            return self._text(template)
        if not isinstance(template, dict):
            return template
        beside = {name: self.filled(value) for name, value in template.items() if not name.startswith("$")}
        if "$client" in template:
            return self._client(template["$client"]) | beside
        if "$mtls" in template:
            mine = self.known[template["$mtls"]]
            return {"cert": mine.certificate, "key": mine.certificate_key} | beside
        return beside

    def _client(self, client_id: str) -> dict[str, Any]:
        self.lab.client(client_id)
        mine = self.known[client_id]
        found: dict[str, Any] = {"client_id": client_id}
        if mine.secret:
            found["client_secret"] = mine.secret
        if mine.keys:
            found["jwks"] = {"keys": list(mine.keys)}
        return found

    def _text(self, text: str) -> str:
        phone = f"http://127.0.0.1:{self.lab.phone_port}"
        for name, value in {"$issuer": self.issuer, "$suite": self.lab.suite, "$phone": phone}.items():
            text = text.replace(name, value)
        return _SUBJECT.sub(lambda named: self.subjects.get(named[1], ""), text)


def write(templates: Path, folder: Path, filling: Filling) -> list[Path]:
    """Fill every template in `templates` into `folder`, readable by its owner alone: they hold private keys."""
    folder.mkdir(mode=0o700, exist_ok=True)
    written = []
    for template in sorted(templates.glob("*.json")):
        path = folder / template.name
        path.touch(mode=0o600)
        path.write_bytes(
            msgspec.json.format(msgspec.json.encode(filling.filled(msgspec.json.decode(template.read_bytes()))))
        )
        written.append(path)
    return written
