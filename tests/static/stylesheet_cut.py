"""Cut a stylesheet down to the classes, tags and custom properties that are really used."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
_PROPERTY_USE = re.compile(r"var\(\s*(--[\w-]+)")
_PROPERTY_SET = re.compile(r"\s*(--[\w-]+)\s*:")
_KEYFRAMES_USE = re.compile(r"animation(?:-name)?:[^;}]*?([a-zA-Z][\w-]*)")


@dataclass(frozen=True)
class Block:
    """One rule: what stands before the brace, and what stands inside it."""

    prelude: str
    body: str


def blocks(css: str) -> Iterator[Block]:
    """Split a sheet, or the inside of a group, into its blocks."""
    position = 0
    while (start := css.find("{", position)) != -1:
        depth, end = 1, start + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield Block(css[position:start].strip(), css[start + 1 : end - 1])
        position = end


def split_outside_brackets(text: str, separator: str) -> list[str]:
    """Split where the separator stands outside of brackets and quotes."""
    parts, depth, quote, current = [], 0, "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        if letter == separator and not depth and not quote:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [*parts, current]


def _selectors_kept(prelude: str, classes: frozenset[str]) -> str:
    """Keep the selectors of a list whose every class is wanted."""
    kept = [s for s in split_outside_brackets(prelude, ",") if set(_CLASS.findall(s)) <= classes]
    return ",".join(s for s in kept if "[data-vc" not in s)  # the date picker's parts are attributes, not classes


def _cut_rules(css: str, classes: frozenset[str]) -> Iterator[Block]:
    for block in blocks(css):
        if block.prelude.startswith(("@media", "@supports")):
            inner = "".join(f"{b.prelude}{{{b.body}}}" for b in _cut_rules(block.body, classes))
            if inner:
                yield Block(block.prelude, inner)
        elif block.prelude.startswith("@"):
            yield block
        elif kept := _selectors_kept(block.prelude, classes):
            yield Block(kept, block.body)


def _without_unused_properties(rules: list[Block], used: frozenset[str]) -> list[Block]:
    result = []
    for rule in rules:
        if rule.prelude.startswith("@"):
            inner = _without_unused_properties(list(blocks(rule.body)), used)
            body = "".join(f"{b.prelude}{{{b.body}}}" for b in inner)
        else:
            body = ";".join(d for d in split_outside_brackets(rule.body, ";") if _is_needed(d, used))
        if body.strip():
            result.append(Block(rule.prelude, body))
    return result


def _is_needed(declaration: str, used: frozenset[str]) -> bool:
    found = _PROPERTY_SET.match(declaration)
    return bool(declaration.strip()) and (found is None or found.group(1) in used)


def cut(css: str, classes: frozenset[str], keep_properties: frozenset[str] = frozenset()) -> str:
    """Return the sheet without the rules, properties and animations nobody reaches."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = css.removeprefix('@charset "UTF-8";')
    rules = list(_cut_rules(css, classes))
    while True:
        text = "\n".join(f"{r.prelude}{{{r.body}}}" for r in rules)
        used = frozenset(_PROPERTY_USE.findall(text)) | keep_properties
        animations = set(_KEYFRAMES_USE.findall(text))
        rules = [r for r in rules if not r.prelude.startswith("@keyframes") or r.prelude.split()[-1] in animations]
        rules = _without_unused_properties(rules, used)
        shorter = "\n".join(f"{r.prelude}{{{r.body}}}" for r in rules)
        if shorter == text:
            return shorter + "\n"
