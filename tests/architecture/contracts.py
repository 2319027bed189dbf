"""Contracts that import-linter does not bring: see .importlinter for what each is used for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from importlinter import Contract, ContractCheck, fields, output
from importlinter.application.contract_utils import render_broken_contract_guidance
from importlinter.contracts.layers import LayersContract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grimp import ImportGraph


class FeatureLayersContract(LayersContract):
    """Layers inside each listed feature that exists."""

    type_name = "features"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        self.containers: Any = [container for container in self.containers if container.expression in graph.modules]
        return super().check(graph, verbose)


class _DirectImportContract(Contract):
    """A contract judged import by import."""

    broken_contract_guidance = fields.TextField(required=False)

    def allows(self, importer: str, imported: str) -> bool:
        raise NotImplementedError

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = sorted(
            (importer, imported, [detail["line_number"] for detail in details])
            for importer, imported, details in _direct_imports(graph)
            if not self.allows(importer, imported)
        )
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, lines in check.metadata["broken"]:
            where = ", ".join(f"line {line}" for line in lines)
            output.print_error(f"{importer} must not import {imported} ({where})", bold=False)
        output.new_line()
        guidance: Any = self.broken_contract_guidance
        render_broken_contract_guidance(guidance)


class OwnFeatureContract(_DirectImportContract):
    """Some modules of a feature are open only to that feature, and a few of them to the composition root."""

    type_name = "own_feature"

    closed: Any = fields.SetField(subfield=fields.StringField())
    composition_root: Any = fields.StringField()
    opened_by_composition_root: Any = fields.SetField(subfield=fields.StringField())
    face: Any = fields.SetField(subfield=fields.StringField())

    def allows(self, importer: str, imported: str) -> bool:
        if _package(imported) in NOT_FEATURES:
            return True
        importer_part, imported_part = _part(importer), _part(imported)
        if _package(importer) == _package(imported):
            if not importer_part:
                return imported_part in self.face
            return not (importer_part in {"http", "jobs"} and imported_part in {"store", "clients"})
        if imported_part not in self.closed:
            return True
        return _within(importer, self.composition_root) and imported_part in self.opened_by_composition_root


class ReachContract(_DirectImportContract):
    """A package imports nothing of ours but what is listed, and nobody else imports it."""

    type_name = "reach"

    package: Any = fields.StringField()
    may_import: Any = fields.SetField(subfield=fields.StringField())
    imported_by: Any = fields.SetField(subfield=fields.StringField())

    def allows(self, importer: str, imported: str) -> bool:
        if _within(importer, self.package):
            return any(_within(imported, name) for name in {self.package, *self.may_import})
        if _within(imported, self.package):
            return any(_within(importer, name) for name in self.imported_by)
        return True


NOT_FEATURES = {
    f"ipse.{name}"
    for name in ("app", "cli", "kernel", "process", "sandbox", "softphone", "standards", "storage", "telemetry", "web")
}


def _direct_imports(graph: ImportGraph) -> Iterator[tuple[str, str, Any]]:
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            if _within(imported, "ipse"):
                yield importer, imported, graph.get_import_details(importer=importer, imported=imported)


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _package(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _part(module: str) -> str:
    return "".join(module.split(".")[2:3])
