import ast
import subprocess
import sys

from tests.architecture.source import ROOT, Function, modules

FORBIDDEN_NAMES = {"utils", "helpers", "helper", "common", "manager", "managers", "misc"}


def test_every_import_contract_is_kept() -> None:
    """In a process of its own: the linter configures logging, and would silence ours for the tests after it."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_no_module_is_named_after_nothing() -> None:
    named = {part for module in modules() for part in module.path.with_suffix("").relative_to(ROOT).parts}
    assert named & FORBIDDEN_NAMES == set()


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"})
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
    assert set(readers) == {"config.py"}


def test_no_exception_is_caught_blindly() -> None:
    broad = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node) and not _raises_again(node)
    ]
    assert broad == []


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or getattr(handler.type, "id", "") in {"Exception", "BaseException"}


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def test_a_waiver_says_why() -> None:
    silent = [
        f"{module.name}:{number}"
        for module in modules()
        for number, line in enumerate(module.text.splitlines(), start=1)
        if ("# noqa" in line and " - " not in line.split("# noqa", 1)[1])
        or ("# type: ignore" in line and "#" not in line.split("# type: ignore", 1)[1])
    ]
    assert silent == []


def test_every_function_says_its_types() -> None:
    untyped = [
        f"{module.name}:{function.lineno}"
        for module in modules()
        for function in module.functions()
        if function.returns is None or _bare_arguments(function)
    ]
    assert untyped == []


def _bare_arguments(function: Function) -> bool:
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return any(argument.annotation is None for argument in given if argument.arg not in {"self", "cls"})
