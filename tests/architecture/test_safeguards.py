import ast

from app.core.actions import Action
from tests.architecture.source import modules, places

LID = (
    "requires",
    "signed_in",
    "public",
    "account_only",
    "idempotent",
    "expects_version",
    "accepts",
    "query_string",
    "answers",
)
NUMBERS = {"counting.py", "kept_searches.py", "keeping.py"}


def test_there_is_one_commit_site() -> None:
    assert places("commit") == {"app/core/transaction.py"}


def test_only_the_transaction_owner_rolls_back() -> None:
    assert places("rollback") == {"app/core/transaction.py"}


def test_no_door_flushes() -> None:
    doors = {module for module in places("flush") if module.rpartition("/")[2].startswith(("web", "api"))}
    assert doors == set()


def test_one_place_asks_pydantic_for_its_findings() -> None:
    assert places("errors") == {"app/core/fields.py"}


def test_selects_of_a_feature_stand_in_its_queries() -> None:
    """The rest of a feature may lock or test a row of its own kind while it writes; it never lists."""
    elsewhere = {
        module
        for module in places("select")
        if module.startswith(("app/records/", "app/accounts/", "app/activity/", "app/privacy/", "app/verification/"))
        and not module.rpartition("/")[2].startswith("queries")
        and module.rpartition("/")[2] not in {"models.py", "drafts.py", "disclosure.py", "bulk.py", *NUMBERS}
    }
    assert elsewhere == set()


def test_the_lid_of_a_route_is_in_the_order_in_which_it_acts() -> None:
    wrong = []
    for module in modules():
        for function in module.functions():
            named = [_name(decorator).removesuffix("_except") for decorator in function.decorator_list]
            lid = [LID.index(name) for name in named if name in LID]
            if lid != sorted(lid):
                wrong.append(f"{module.name}:{function.lineno} {function.name}")
    assert wrong == []


def test_a_fact_of_the_trail_is_a_noun_and_what_happened_to_it() -> None:
    for action in Action:
        noun, dot, happened = action.partition(".")
        assert dot, action
        assert noun.isidentifier(), action
        assert happened.isidentifier(), action


def test_every_command_takes_the_one_who_acts() -> None:
    careless = [
        f"{module.name}:{function.lineno} {function.name}"
        for module in modules()
        for function in module.functions()
        if "command" in {getattr(_target(decorator), "id", "") for decorator in function.decorator_list}
        and "actor" not in {argument.arg for argument in function.args.kwonlyargs}
    ]
    assert careless == []


def test_no_answer_is_marked_safe_by_hand() -> None:
    assert places("Markup") <= {"app/core/presenting.py"}


def _target(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def _name(decorator: ast.expr) -> str:
    target = _target(decorator)
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def test_nothing_is_asynchronous() -> None:
    """`core/room.py` has Flask call every hook and view without a look at whether it has to be awaited."""
    awaited = [f"{module.name}:{one.lineno}" for module in modules() for one in module.functions() if _is_async(one)]
    assert awaited == []


def _is_async(function: ast.AST) -> bool:
    return isinstance(function, ast.AsyncFunctionDef)
