"""An executed notebook as a web page that needs no network and no script."""

from __future__ import annotations

import copy
import html
import re
from functools import cache

from nbformat import NotebookNode

from course.tool import mathml, table
from course.tool.store import WIDGET

TEMPLATES = table.ROOT / "course/tool/templates"
CONTROLS = "*Here the notebook shows controls that you can move.*"


def page(nb: NotebookNode, name: str, course: str) -> str:
    """The page of one executed notebook.

    Args:
        nb: The notebook; what it shows as a live widget becomes a sentence.
        name: Its file name, the title where it has no heading.
        course: The title of the course.
    """
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if WIDGET in output.get("data", {}):
                output.data = {"text/markdown": CONTROLS}
    words = {"page_title": title(nb, name), "course_title": course, "code_css": code_css()}
    words["problem"] = nb.metadata.get("course", {}).get("run", {}).get("problem", "")
    return exporter().from_notebook_node(nb, words)[0]


def title(nb: NotebookNode, name: str) -> str:
    """The text of the notebook's first heading, or its file name."""
    text = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    heading = re.search(r"(?m)^# +(.+)$", text)
    return re.sub(r"[*`]", "", heading[1]).strip() if heading else name


def code_css() -> str:
    """The colours of code, for light and for dark."""
    from pygments.formatters import HtmlFormatter

    light, dark = (
        HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("xcode", "github-dark")
    )
    dark = f"@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
    return f"{light}\n{dark}\n.highlight {{ background: none; }}"


@cache
def exporter():
    """nbconvert with the course's template, formulas as MathML, and links that lead to pages."""
    from nbconvert import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def link(self, text: str, url: str, title: str | None = None) -> str:
            return super().link(text, re.sub(r"^(?!\w+:)([^#]+)\.ipynb(?=#|$)", r"\1.html", url), title)

        def image(self, text: str, url: str, title: str | None = None) -> str:
            remote = re.match(r"https?:", url)  # a badge, for one; the page must not need the network
            return html.escape(text) if remote else super().image(text, url, title)

        def inline_math(self, body: str) -> str:
            return mathml.convert(body)

        def block_math(self, body: str) -> str:
            return mathml.convert(body, block=True)

        def latex_environment(self, name: str, body: str) -> str:
            return mathml.convert(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

    def markdown2html(source: str) -> str:
        return MarkdownWithMath(renderer=Renderer(escape=False)).render(source)

    made = HTMLExporter(extra_template_basedirs=[str(TEMPLATES)], template_name="course")
    made.register_filter("markdown2html", markdown2html)
    return made
