"""House rules as programs: each reads one syntax tree and says what to do instead.

A rule is a function from a module to findings; its docstring is the rule. `test_house_rules.py` runs all of
them over the source, and over planted examples that they must find or leave alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.architecture.source_tree import Module


@dataclass(frozen=True)
class Finding:
    """A line that breaks a rule, and what to write instead."""

    line: int
    advice: str


Rule = Callable[[Module], Iterator[Finding]]

# "Select a person from the list" is a sentence, "select name from people" is not.
SQL = re.compile(
    r"\s*(?-i:(?![A-Z][a-z]))(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|"
    r"(create|drop|alter)\s+(table|index|unique)\b).*",
    re.IGNORECASE | re.DOTALL,
)
SECRET = re.compile(r"(\w*_)?(secret|token|proof|mac|hmac|signature|verifier|password|code_key)")
CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
WITHOUT_TIMEOUT = {
    "httpx.AsyncClient",
    "httpx.Client",
    "httpx.delete",
    "httpx.get",
    "httpx.post",
    "httpx.put",
    "httpx.request",
    "httpx.stream",
    "asyncpg.connect",
    "asyncpg.create_pool",
    "socket.create_connection",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.run",
    "urllib.request.urlopen",
}


def sql_is_never_built(module: Module) -> Iterator[Finding]:
    """SQL is constant: no %, no format, and nothing put in but other constants, such as a list of columns."""
    if module.parts[0] == "storage":
        return  # runs stores' texts, and may put two whole ones together
    for node in module.nodes:
        parts: list[ast.expr] = []
        if isinstance(node, ast.JoinedStr):
            parts = node.values
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
            parts = [node.left, node.right]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            parts = [node.func.value]
        built = "?".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)
        if isinstance(node, ast.expr) and SQL.fullmatch(built) and not _is_constant(node):
            yield Finding(node.lineno, "write the whole text as one constant and pass values as $1, $2")


def sql_stands_in_stores(module: Module) -> Iterator[Finding]:
    """SQL stands in a feature's store, or in storage."""
    if module.parts[0] == "storage" or "store" in module.parts or module.parts[:2] == ("cli", "bench"):
        return
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.fullmatch(node.value):
            yield Finding(node.lineno, "move the text to the feature's store.py, which alone reads its tables")


def one_clock(module: Module) -> Iterator[Finding]:
    """The wall clock is read in kernel/clock.py only."""
    if module.parts == ("kernel", "clock"):
        return
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and ".".join(_dotted(node).split(".")[-2:]) in CLOCKS:
            yield Finding(node.lineno, "take a clock (ipse.kernel.clock) as argument, so that tests can set it")


def secrets_are_compared_in_constant_time(module: Module) -> Iterator[Finding]:
    """Secrets, tokens, signatures and proofs are never compared by == or !=."""
    for node in module.nodes:
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        sides = [node.left, node.comparators[0]]
        if any(isinstance(side, ast.Constant) or _last_name(side).isupper() for side in sides):
            continue
        if any(SECRET.fullmatch(_last_name(side)) for side in sides):
            yield Finding(node.lineno, "use hmac.compare_digest: == tells by its time how much was right")


def patterns_match_whole_values(module: Module) -> Iterator[Finding]:
    """A pattern judges a whole value: fullmatch, never match or a closing $."""
    for node in module.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func)
        owner, _, method = name.rpartition(".")
        if method == "match" and (owner == "re" or owner.rpartition(".")[2].isupper()):
            yield Finding(node.lineno, "use fullmatch: match accepts anything after the pattern")
        if owner == "re" and node.args and isinstance(node.args[0], ast.Constant):
            pattern = node.args[0].value
            if isinstance(pattern, str) and re.search(r"(?<!\\)\$(\)|$)", pattern):
                yield Finding(node.lineno, "use fullmatch without $: $ also matches before a closing newline")


def outgoing_http_is_in_clients(module: Module) -> Iterator[Finding]:
    """Only a feature's clients, the guarded fetcher, and the programs of the other parties speak HTTP outwards."""
    if module.parts[0] in {"softphone", "sandbox", "cli"} or "clients" in module.parts:
        return
    if module.parts == ("web", "outgoing"):
        return  # calls addresses that partners gave, and judges each before it does
    for node in module.nodes:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        if any(name.split(".")[0] in {"httpx", "httpcore"} for name in names):
            yield Finding(node.lineno, "put the call in the feature's clients.py and hand its answer in as a value")


def calls_end(module: Module) -> Iterator[Finding]:
    """Whatever waits for somebody else says how long."""
    for node in module.nodes:
        if not isinstance(node, ast.Call) or _dotted(node.func) not in WITHOUT_TIMEOUT:
            continue
        given = {keyword.arg for keyword in node.keywords}
        if not given & {"timeout", None}:
            yield Finding(node.lineno, f"pass timeout= to {_dotted(node.func)}: the other side may never answer")


def columns_are_named(module: Module) -> Iterator[Finding]:
    """Every SQL text names its columns."""
    for node in module.nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or not SQL.fullmatch(node.value):
            continue
        if re.search(r"\b(select|returning)\s+(\w+\.)?\*", node.value, re.IGNORECASE):
            yield Finding(node.lineno, "name the columns: * breaks prepared statements once a column is added")


def routes_declare_their_caller(module: Module) -> Iterator[Finding]:
    """Every route of the service says who may call it and which limit holds."""
    if module.parts[0] in {"web", "sandbox"}:
        return
    for node in module.nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "starlette.routing":
            yield Finding(node.lineno, "use ipse.web.routes.Route, which takes caller= and limit=")
        if isinstance(node, ast.Call) and _dotted(node.func).rpartition(".")[2] in {"add_route", "mount"}:
            yield Finding(node.lineno, "return the route from the feature's http module; ipse.app mounts it")


RULES: tuple[Rule, ...] = (
    sql_is_never_built,
    sql_stands_in_stores,
    columns_are_named,
    one_clock,
    secrets_are_compared_in_constant_time,
    patterns_match_whole_values,
    outgoing_http_is_in_clients,
    calls_end,
    routes_declare_their_caller,
)


def _is_constant(node: ast.expr) -> bool:
    """Whether a text is put together from constants alone."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and _is_constant(node.left) and _is_constant(node.right)
    if isinstance(node, ast.JoinedStr):
        return all(_is_constant(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _is_constant(node.value)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.isupper())


def _dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of attributes, as far as it is one."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _last_name(node: ast.AST) -> str:
    """The name a value goes by: of a variable, an attribute, a key or a call."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return _dotted(node).rpartition(".")[2]
