"""The pages of docs/reference that say how strict the provider is: its profiles, and every check a request passes."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType

from ipse import dss
from ipse.broker import rules as broker_rules
from ipse.csc import rules as csc_rules
from ipse.oidc import rules as oidc_rules
from ipse.oidc.model import PROFILES, SIGNED, Profile
from tools.operator_reference import meanings

PROFILE_PAGE = """\
# Profiles

How strict the provider is with one service. `default` is the partner protocol as existing partners speak it; `fapi2`
is the FAPI 2.0 Security Profile. A service registered with message signing gets the same with what FAPI 2.0 Message
Signing adds. The values are frozen in the source, [the checks](checks.md) read them, and `make reference` writes this
page from them.

```sh
ipse partner service add PARTNER CODE authentication --profile fapi2 --message-signing …
```

"""
CHECKS_PAGE = """\
# Checks

Every request passes visible lists of small checks, in order; the first that refuses ends it. The request log
(`ipse partner log CLIENT_ID`) names the check. `make reference` writes this page from the source.

Some steps are no checks of a list; the log names them as well:

| step | refuses |
|---|---|
| `read_parameters` | a parameter sent twice; `request` beside `request_uri` |
| `read_request_object` | a request object that does not open, or is not signed by a registered key as agreed |
| `fetch_request_uri` | an address that is not registered for the service, or gives nothing |
| `open_pushed_request` | a pushed request that is unknown, older than 90 seconds, used up, or another browser's |
| `take_request_object` | a `jti` that was used before |
| `find_person` | a back-channel request whose hint names nobody that can be asked, or was used |
| `send_notification` | nothing: a notification endpoint that answered no, or not at all |
| `verify_signature` | a signed request of the REST API that no registered key has signed, or that came before |
"""


def profiles_page() -> str:
    """List every value of every profile."""
    shown = [*((f"`{name}`", profile) for name, profile in PROFILES.items())]
    shown += [(f"`{name}`, message signing", profile) for name, profile in SIGNED.items()]
    names = [name for name, _ in shown]
    told = meanings(Profile)
    lines = [f"| value | {' | '.join(names)} | means |\n", "|---|" + "---|" * (len(names) + 1) + "\n"]
    for field in dataclasses.fields(Profile):
        if field.name != "name":
            values = " | ".join(_value(getattr(profile, field.name)) for _, profile in shown)
            lines.append(f"| `{field.name}` | {values} | {told[field.name]} |\n")
    return PROFILE_PAGE + "".join(lines)


def checks_page() -> str:
    """List every check of every list, with what it demands."""
    lists = [found for rules in (oidc_rules, broker_rules, csc_rules, dss) for found in _lists(rules)]
    return CHECKS_PAGE + "".join(map(_list, lists))


def _lists(rules: ModuleType) -> Iterator[tuple[str, str, tuple[Callable[..., object], ...]]]:
    """Name, module and checks of each visible list of a feature, once."""
    for found in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        module = importlib.import_module(found.name)
        for name, checks in vars(module).items():
            if (
                name.endswith("_CHECKS")
                and isinstance(checks, tuple)
                and f"\n{name}: Final" in inspect.getsource(module)
            ):
                yield name, found.name.replace(".", "/") + ".py", checks


def _list(found: tuple[str, str, tuple[Callable[..., object], ...]]) -> str:
    name, module, checks = found
    rows = "".join(f"| {place} | `{check.__name__}` | {_first(check)} |\n" for place, check in enumerate(checks, 1))
    return f"\n## {name}\n\n`{module}`\n\n| | check | demands |\n|--:|---|---|\n{rows}"


def _first(check: Callable[..., object]) -> str:
    return " ".join((inspect.getdoc(check) or "").partition("\n\n")[0].split()).replace("|", "\\|")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return str(value) if isinstance(value, int) else f"`{value}`"
