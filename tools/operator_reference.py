"""The pages of docs/reference for operators: settings, from their types, and the command line, from its own help."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from ipse.kernel import settings
from ipse.probes.settings import ProbeSettings
from ipse.status.settings import StatusSettings

SETTINGS = """\
# Settings

One TOML file, named with `--config` or by `IPSE_CONFIG`, else `ipse.toml` in the working folder. A name that is not
listed here is refused, and so is what would be unsafe in production: `ipse doctor` says all of it at once, with
remedies. Nothing else is read from the environment. [The example](../guides/ipse.example.toml) is a whole file for
production; [Run in production](../guides/run-in-production.md) explains it. `make reference` writes this page from the
source.
"""
COMMANDS = """\
# Command line

What `--help` says, written down by `make reference`. A command that fails says why in lines that begin with `ipse:` and
ends with status 1; `ipse serve` ends with 78 when settings or keys must be mended before another try makes sense.

"""
# In a process of its own: names and defaults depend on how the program was called, and on its environment.
_HELP = """
import sys
sys.argv = ["ipse"]
from ipse.cli import app
print(app.generate_docs(output_format="markdown", recursive=True, heading_level=1))
"""
_TABLE = "\n| name | type | default | means |\n|---|---|---|---|\n"


STATUS_SETTINGS = """\
# Settings of the status page and its probes

Each has a TOML file of its own: `ipse status serve --config FILE` (or `IPSE_STATUS_CONFIG`), `ipse probes run --config
FILE` (or `IPSE_PROBES_CONFIG`). A name that is not listed here is refused, and so is what would be unsafe in
production. [Run the status page](../guides/run-the-status-page.md) explains them; `make reference` writes this page
from the source.

## Status page
"""
PROBE_SETTINGS = """\
## Probes
"""


def settings_page() -> str:
    """List every setting with its type, default and meaning."""
    return SETTINGS + _tables(settings.Settings)


def status_settings_page() -> str:
    """List the settings of the status page and of the probes."""
    return f"{STATUS_SETTINGS}{_tables(StatusSettings)}\n{PROBE_SETTINGS}{_tables(ProbeSettings)}"


def _tables(kind: type[msgspec.Struct]) -> str:
    parts = [_TABLE, *_rows(kind)]
    for each in _nested(kind, {}):
        parts += [f"\n## {each.__name__}\n\n{inspect.getdoc(each)}\n", _TABLE, *_rows(each)]
    return "".join(parts)


def _nested(kind: type[msgspec.Struct], found: dict[type[msgspec.Struct], None]) -> list[type[msgspec.Struct]]:
    """The tables of a table, in the order they are met."""
    for hint in get_type_hints(kind).values():
        for each in (hint, *get_args(hint)):
            if inspect.isclass(each) and issubclass(each, msgspec.Struct) and each not in found:
                found[each] = None
                _nested(each, found)
    return list(found)


def commands_page() -> str:
    """Write down the help of every command."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IPSE_")}
    told = subprocess.run([sys.executable, "-c", _HELP], env=environment, capture_output=True, timeout=60, check=True)
    text = told.stdout.decode()
    # The list of contents and the list of commands say the same; one is enough.
    text = re.sub(r"## Table of Contents\n.*?(?=\*\*Commands\*\*)", "", text, count=1, flags=re.DOTALL)
    body = text.partition("```console\nipse COMMAND\n```\n")[2].strip()
    return COMMANDS + body + "\n"


def _rows(kind: type[msgspec.Struct]) -> list[str]:
    told = meanings(kind)
    hints = get_type_hints(kind)
    return [
        f"| `{field.name}` | {_type(hints[field.name])} | {_default(field)} | {told[field.name]} |\n"
        for field in msgspec.structs.fields(kind)
    ]


def meanings(kind: type) -> dict[str, str]:
    """Return the text below each field, which Python itself does not keep."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    if not isinstance(body, ast.ClassDef):
        raise TypeError(kind)
    found: dict[str, str] = {}
    for field, below in zip(body.body, [*body.body[1:], ast.Pass()], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            if not (isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)):
                message = f"{kind.__name__}.{field.target.id} has no text below it that says what it means"
                raise TypeError(message)
            found[field.target.id] = " ".join(str(below.value.value).split()).replace("|", "\\|")
    return found


def _type(hint: Any) -> str:  # noqa: ANN401 - any type
    if get_origin(hint) is UnionType:
        return " or ".join(_type(each) for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple:
        return f"list of {_type(get_args(hint)[0])}"
    if get_origin(hint) is dict:
        return "table of text"
    if inspect.isclass(hint) and issubclass(hint, msgspec.Struct):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if get_origin(hint) is Literal or hint is settings.Environment:
        return ", ".join(f"`{each}`" for each in get_args(hint) or settings.Environment)
    return {"str": "text", "int": "number", "float": "number", "bool": "true or false"}[hint.__name__]


def _default(field: Any) -> str:  # noqa: ANN401 - msgspec's FieldInfo is not exported
    if field.required:
        return "**required**"
    if field.default is msgspec.NODEFAULT:
        return ""
    return f"`{_toml(msgspec.to_builtins(field.default))}`" if field.default not in (None, ()) else ""


def _toml(value: Any) -> str:  # noqa: ANN401 - any TOML value
    if isinstance(value, dict):
        if len(value) > 2:
            return "{ … }"
        return "{ " + ", ".join(f"{name} = {_toml(member)}" for name, member in value.items()) + " }"
    return msgspec.json.encode(value).decode()
