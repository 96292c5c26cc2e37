"""The pages of the library: one for each module or package directly under ``colorlib``."""

from __future__ import annotations

import ast
import re
from pathlib import Path

NOT_DOCUMENTED = re.compile(r"/(_\w*|__main__|lesson\d\d\w*)\.py$")  # exercises are not a library
OVERVIEW = "course/library.md"  # it gives the order
CORE = "## The taught core\n\nEach of these files is what one lesson builds."
WORKSHOP = "## The workshop\n\nThese packages do what the course does not teach."
ROLE = re.compile(r":\w+:`~?(?:[\w.]+\.)?(\w+)`|``(.+?)``")


def pages(root: Path) -> dict[str, str]:
    """Return the pages in reStructuredText; a package's page has a part for each of its modules."""
    found: dict[str, str] = {}
    for path in sorted((root / "colorlib").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if path.stem == "__init__":
            parts = parts[:-1]
        elif NOT_DOCUMENTED.search(path.as_posix()):
            continue
        if len(parts) > 1:
            module, page = ".".join(parts), f"library/{parts[1]}.rst"
            underline = ("-" if page in found else "=") * len(module)
            found[page] = found.get(page, "") + (
                f"{module}\n{underline}\n\n"
                f".. automodule:: {module}\n   :members:\n   :ignore-module-all:\n\n"
            )
    return found


def index(root: Path) -> str:
    """Return a card for each page, in Markdown; the taught core comes first."""
    overview = root / OVERVIEW
    text = overview.read_text("utf-8") if overview.exists() else ""
    core, workshop = [], []
    for page in pages(root):
        name = Path(page).stem
        module = root / f"colorlib/{name}.py"
        rows, mention = (core, f"{name}.py`") if module.exists() else (workshop, f"`{name}/`")
        file = module if module.exists() else root / f"colorlib/{name}/__init__.py"
        position = text.find(mention) if mention in text else len(text)
        summary = first_sentence(file.read_text("utf-8"))
        rows.append((position, f"- **[colorlib.{name}]({name}.rst)**\n\n  {summary}"))
    parts = []
    for heading, rows in ((CORE, core), (WORKSHOP, workshop)):
        if rows:
            items = [item for _, item in sorted(rows)]
            parts += [heading, "```{rst-class} cards\n```", "\n\n".join(items)]
    return "\n\n".join(parts)


def first_sentence(source: str) -> str:
    """Return the first sentence of a module's docstring, in Markdown.

    Example:
        >>> first_sentence('"Colours, as in :func:`~colorlib.color.rgb_to_lab`. More."')
        'Colours, as in `rgb_to_lab`.'
    """
    paragraph = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0]
    sentence = re.split(r"(?<=\.) ", " ".join(paragraph.split()), maxsplit=1)[0]
    return ROLE.sub(lambda found: f"`{found[1] or found[2]}`", sentence)
