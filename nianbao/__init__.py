"""nianbao: yearly reports on open government information (政府信息公开工作年度报告), as data that can be trusted.

    from nianbao import extract

    extraction = extract(text)
    extraction.status                        # "verified", "discrepant" or "unresolved"
    extraction.report.requests.received.total
    extraction.evidence["requests.received.total"].trust    # "vouched" or "doubtful"; extraction.doubts: what it could be

The names below are loaded when they are first used, so that importing nianbao costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pipeline.errors import BudgetError, EndpointError, InputError, NianbaoError, SettingsError
    from .pipeline.extract import extract, extract_async
    from .pipeline.llm.client import Client, open_client
    from .pipeline.llm.settings import Settings
    from .pipeline.readers.supplied.check_record import check, check_async
    from .schemas.extraction import Check, Choice, Coverage, Doubt, Evidence, Extraction, Finding, ReaderShare
    from .schemas.report import Amount, Report

__all__ = [
    "Amount",
    "BudgetError",
    "Check",
    "Choice",
    "Client",
    "Coverage",
    "Doubt",
    "EndpointError",
    "Evidence",
    "Extraction",
    "Finding",
    "InputError",
    "NianbaoError",
    "ReaderShare",
    "Report",
    "Settings",
    "SettingsError",
    "check",
    "check_async",
    "extract",
    "extract_async",
    "open_client",
]

_HOME = {
    "pipeline.readers.supplied.check_record": ("check", "check_async"),
    "pipeline.errors": ("BudgetError", "EndpointError", "InputError", "NianbaoError", "SettingsError"),
    "pipeline.llm.client": ("Client", "open_client"),
    "pipeline.llm.settings": ("Settings",),
    "pipeline.extract": ("extract", "extract_async"),
    "schemas.extraction": ("Check", "Choice", "Coverage", "Doubt", "Evidence", "Extraction", "Finding", "ReaderShare"),
    "schemas.report": ("Amount", "Report"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
