"""The program's own source, as the tests of its shape read it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of the program."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return len(self.text.splitlines())

    def functions(self) -> Iterator[Function]:
        """Find its functions and methods."""
        yield from (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def calls(self, name: str) -> Iterator[int]:
        """Find the lines that call a method or function of a name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _called(node.func) == name:
                yield node.lineno


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@cache
def modules() -> tuple[Module, ...]:
    """Read every module of the program; migrations and tests have rules of their own."""
    paths = [*sorted((ROOT / "app").rglob("*.py")), *(ROOT / name for name in ("config.py", "wsgi.py"))]
    return tuple(Module(path, text := path.read_text(), ast.parse(text)) for path in paths)


def places(name: str) -> set[str]:
    """Name the modules that call something."""
    return {module.name for module in modules() if any(module.calls(name))}
