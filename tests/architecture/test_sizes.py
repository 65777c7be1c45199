import ast

from tests.architecture.source import Function, modules

MODULE_LINES = 250
FUNCTION_LINES = 40
PARAMETERS = 5


def test_no_module_is_longer_than_one_sitting() -> None:
    long = {module.name: module.lines for module in modules() if module.lines > MODULE_LINES}
    assert long == {}


def test_no_function_is_longer_than_one_look() -> None:
    long = {
        f"{module.name} {function.name}": length
        for module in modules()
        for function in module.functions()
        if (length := _length(function)) > FUNCTION_LINES
    }
    assert long == {}


def test_no_function_asks_for_more_than_a_handful() -> None:
    greedy = [
        f"{module.name} {function.name}"
        for module in modules()
        for function in module.functions()
        if len([*function.args.posonlyargs, *function.args.args]) > PARAMETERS
    ]
    assert greedy == []


def test_the_application_is_made_on_one_page() -> None:
    (factory,) = [module for module in modules() if module.name == "app/__init__.py"]
    assert factory.lines <= 70


def test_every_public_function_says_what_it_does_in_one_sentence() -> None:
    silent = [
        f"{module.name}:{function.lineno} {function.name}"
        for module in modules()
        for function in _public(module.tree)
        if not (ast.get_docstring(function) or "").split("\n\n")[0].rstrip().endswith((".", ":"))
    ]
    assert silent == []


def _public(tree: ast.Module) -> list[Function]:
    return [node for node in tree.body if isinstance(node, Function) and not node.name.startswith("_")]


def _length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
