"""Exercise 8.5: a model card in Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from colorlib.check.comparison import describe
from colorlib.check.graders import Case, KnownMistake

_SECTIONS = {  # title -> facts that it must contain
    "Data and licence": ("photos", "licence"),
    "Protocol": ("protocol",),
    "Numbers": ("psnr", "gray"),
    "Failures": ("fails",),
    "Not a restoration of truth": (),
}
_HEADING = re.compile(r"^([ \t]*)(#+)([ \t]*)(.+?)[ \t]*$", re.MULTILINE)
_GUESS = "The colours are a guess: a gray photo has none."


def model_card(facts: dict[str, str]) -> str:
    """Write a model card as Markdown."""
    return "\n\n".join(_paragraphs(facts))


def _paragraphs(facts: dict[str, str]) -> list[str]:
    return [
        f"# {facts['name']}",
        "## Data and licence",
        f"Trained on {facts['photos']}. Licence: {facts['licence']}.",
        "## Protocol",
        f"{facts['protocol']}.",
        "## Numbers",
        f"PSNR {facts['psnr']}; gray, a = b = 0, has {facts['gray']}.",
        "## Failures",
        f"It fails on {facts['fails']}.",
        "## Not a restoration of truth",
        _GUESS,
    ]


def run_model_card(model_card: Callable, facts: dict[str, str]) -> dict[str, str]:
    """Return how a card's headings look, in which order, and which facts each section contains."""
    card = model_card(dict(facts))
    if not isinstance(card, str):
        return {"the returned value": describe(card)}
    headings = [match for match in _HEADING.finditer(card) if match[4] in _SECTIONS]
    ends = [match.start() for match in headings[1:]] + [len(card)]
    bodies = {match[4]: card[match.end() : end] for match, end in zip(headings, ends, strict=False)}
    before = card[: headings[0].start()] if headings else card
    seen = {
        "the returned value": "a text",
        "where ## occurs": _where_hashes(card),
        "the sections": ", ".join(bodies) or "no lines that begin with #",
        "how the headings begin": " and ".join(sorted({_describe(match) for match in headings})),
        "the name, before the first section": "there" if facts["name"] in before else "missing",
    }
    for title, required in _SECTIONS.items():
        body = bodies.get(title, "")
        if required:
            found = [name for name in required if facts[name] in body]
            seen[f"the facts under {title}"] = ", ".join(found) or "none"
        else:
            enough = len(body.split()) >= 3
            seen[f"the text under {title}"] = "a sentence" if enough else "fewer than three words"
    return seen | {"the whole dict of facts": "inserted" if str(facts) in card else "not inserted"}


def _where_hashes(card: str) -> str:
    if "##" not in card:
        return "nowhere"
    starts = all(line.lstrip().startswith("##") for line in card.splitlines() if "##" in line)
    return "at the beginning of lines" if starts else "inside lines"


def _describe(heading: re.Match) -> str:
    indent, hashes, space, _ = heading.groups()
    return f"{'spaces, ' * bool(indent)}{hashes}{' and a space' * bool(space)}"


def _card_mutant(
    *,
    skip: slice = slice(0),
    changed: Callable[[str], Any] = lambda card: card,
    **changed_facts: str,
) -> Callable:
    """Return a function whose card lacks paragraphs, has other facts, or is changed afterwards."""

    def write(facts: dict[str, str]) -> Any:
        paragraphs = _paragraphs(facts | changed_facts)
        del paragraphs[skip]
        return changed("\n\n".join(paragraphs))

    return write


def _no_facts(facts: dict[str, str]) -> str:
    return model_card({name: "{" + name + "}" for name in facts})


def _swap_sections(card: str) -> str:
    """Put the numbers before the protocol."""
    start, *sections = card.split("\n\n## ")
    sections[1], sections[2] = sections[2], sections[1]
    return "\n\n## ".join([start, *sections])


_FACTS = {
    "name": "tiny-unet",
    "photos": "four photographs",
    "licence": "CC0 and public domain",
    "protocol": "PSNR on RGB, peak 1, mean over 32 squares",
    "psnr": "17.3 dB",
    "gray": "16.7 dB",
    "fails": "the cat, which it makes green",
}
_OTHER_FACTS = _FACTS | {"photos": "9,000 photos", "psnr": "21.9 dB", "gray": "20.1 dB"}
CASES = [Case("a small model", (_FACTS,)), Case("another model", (_OTHER_FACTS,))]
_INDENTED = (
    "the headings are indented, so Markdown does not see them: begin each line at the margin, or "
    "use textwrap.dedent."
)
MISTAKES = [
    KnownMistake("print shows the card, but gives nothing back: return the text.",
                 _card_mutant(changed=lambda card: None)),
    KnownMistake("return one text: '\\n\\n'.join(your list).",
                 _card_mutant(changed=lambda card: card.split("\n\n"))),
    KnownMistake("a heading needs a line of its own: join the parts with '\\n\\n'.",
                 _card_mutant(changed=lambda card: card.replace("\n\n", " "))),
    KnownMistake("a heading needs a line of its own: join the parts with '\\n\\n'.",
                 _card_mutant(changed=lambda card: card.replace("\n\n", ""))),
    KnownMistake(_INDENTED, _card_mutant(changed=lambda card: card.replace("#", "    #", 1).replace(
        "\n", "\n    "))),
    KnownMistake("a section's heading has two #, not three.",
                 _card_mutant(changed=lambda card: card.replace("## ", "### "))),
    KnownMistake("a section's heading has two #; one is for the title.",
                 _card_mutant(changed=lambda card: card.replace("## ", "# "))),
    KnownMistake("Markdown needs a space after the two #.",
                 _card_mutant(changed=lambda card: card.replace("## ", "##"))),
    KnownMistake("the headings must begin with ##, each at the beginning of its line.",
                 _card_mutant(changed=lambda card: card.replace("## ", "- "))),
    KnownMistake("the sections are in another order: data, protocol, numbers, failures, and what "
                 "the model is not.", _card_mutant(changed=_swap_sections)),
    KnownMistake("the name is missing: begin with a title, # and facts['name'].",
                 _card_mutant(skip=slice(1))),
    KnownMistake("the section on training data and licence is missing.",
                 _card_mutant(skip=slice(1, 3))),
    KnownMistake("the section Protocol is missing: without it, nobody can repeat the number.",
                 _card_mutant(skip=slice(3, 5))),
    KnownMistake("the section Numbers is missing.", _card_mutant(skip=slice(5, 7))),
    KnownMistake("the section Failures is missing: every model fails on some photos.",
                 _card_mutant(skip=slice(7, 9))),
    KnownMistake("the last section is missing: tell the reader that the colours are a guess.",
                 _card_mutant(skip=slice(9, 11))),
    KnownMistake("the last section needs a sentence: what are the colours, if not the truth?",
                 _card_mutant(skip=slice(10, 11))),
    KnownMistake("facts are not inserted: a text with {...} needs an f before it, an f-string.",
                 _no_facts),
    KnownMistake("you insert the whole dict: facts['psnr'] is one of its values.",
                 lambda facts: model_card({name: str(facts) for name in facts})),
    KnownMistake("your numbers are constants: take them from facts, so they fit the model.",
                 lambda facts: model_card(
                     facts | {"psnr": _FACTS["psnr"], "gray": _FACTS["gray"]})),
    KnownMistake("your facts are constants: take them from the argument, so they fit the model.",
                 lambda facts: model_card(_FACTS)),
    KnownMistake("gray's number is missing: without it, nobody knows whether the model is better "
                 "than no colour.", _card_mutant(gray="")),
    KnownMistake("the model's PSNR is missing.", _card_mutant(psnr="")),
    KnownMistake("both numbers are missing: facts['psnr'] and facts['gray'].",
                 _card_mutant(psnr="", gray="")),
    KnownMistake("the licence is missing: without it, nobody knows how they may use the weights.",
                 _card_mutant(licence="")),
    KnownMistake("the photos are missing: facts['photos'] says what the model was trained on.",
                 _card_mutant(photos="")),
    KnownMistake("the licence and gray's number are missing.", _card_mutant(licence="", gray="")),
    KnownMistake("the protocol itself is missing: facts['protocol'].", _card_mutant(protocol="")),
    KnownMistake("what it fails on is missing: facts['fails'].", _card_mutant(fails="")),
]  # fmt: skip
