"""The configuration of Sphinx: no execution, no network, no script for formulas."""

import re
from pathlib import Path
from typing import Any

from sphinx import addnodes

from course.tool.site import colour_page

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "course.tool.site.mathml"]
author = "The colorlib-course authors"

nb_execution_mode = "off"  # `make course` has executed the notebooks
nb_merge_streams = True
nb_render_text_lexer = "text"
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_dmath_double_inline = True  # as Jupyter reads two dollars within a line
myst_heading_anchors = 6
html_math_renderer = "mathml"

napoleon_use_ivar = True  # attributes as a list
autodoc_member_order = "bysource"
autodoc_default_options = {"exclude-members": "set"}  # every figure has matplotlib's
autodoc_preserve_defaults = True
maximum_signature_line_length = 80  # a longer one gets a line for each parameter

html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "navbar_align": "left",
    "secondary_sidebar_items": {
        "course/*": ["page-toc"],
        "library/*": ["page-toc"],
        "CHANGELOG": ["page-toc"],
        "CONTRIBUTING": ["page-toc"],
        "library/index": [],
        "course/index": [],
    },
}
html_sidebars = {  # a notebook needs the width of a second sidebar for its code
    "colour": [],
    "gallery/gallery": [],
    "lessons/[0-9]*": ["sidebar-collapse", "sidebar-nav-bs", "page-toc"],
    "solutions/[0-9]*": ["sidebar-collapse", "sidebar-nav-bs", "page-toc"],
}
html_static_path = ["static"]
html_css_files = ["course.css", "live_parts.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_copy_source = False
html_use_index = html_domain_indices = False  # the search finds every name
html_show_search_summary = False  # a browser forbids a page from the disk to read another one
html_show_copyright = False


def setup(app: Any) -> None:
    """Change what no option of Sphinx and MyST-NB changes."""
    files = [Path(__file__).with_name(name) for name in ("conf.py", "mathml.py")]
    own_source = "".join(file.read_text("utf-8") for file in files)
    app.add_config_value("own_source", own_source, "env")  # a change here makes all pages again
    app.add_config_value("navigation", "", "html")  # see source_tree.navigation
    app.connect("builder-inited", _move_notebook_copies, priority=900)
    app.connect("autodoc-process-signature", _shorten_defaults)
    app.connect("object-description-transform", _remove_long_values)
    app.connect("html-page-context", _fix_accessibility)
    app.connect("html-page-context", _add_policy)


def _move_notebook_copies(app: Any) -> None:
    """Keep MyST-NB's copies of notebooks out of the project's folder."""
    folder = str(app.doctreedir / "notebooks")
    app.env.mystnb_config = app.env.mystnb_config.copy(output_folder=folder)


def _shorten_defaults(
    app: Any, kind: str, name: str, thing: Any, options: Any, signature: str, returns: str
) -> tuple:
    """Replace a default that is not Python by dots, or Sphinx could not parse the signature."""
    return signature and re.sub(r"= ?<(factory|function .+?>)>", "= ...", signature), returns


def _remove_long_values(app: Any, domain: str, kind: str, content: Any) -> None:
    """Remove the value of a constant that would fill a screen."""
    for value in list(content.parent.findall(addnodes.desc_annotation)):
        if len(value.astext()) > 400:
            value.parent.remove(value)


def _fix_accessibility(app: Any, page: str, template: str, context: dict, tree: Any) -> None:
    """Turn the lines of a signature from definitions into spans, and empty headings into cells."""
    body = context.get("body", "")
    lines = r'<dl>\n((?:<dd><em class="sig-param">.*</dd>\n)+)</dl>'
    body = re.sub(lines, lambda found: re.sub("(</?)dd", r"\1span", found[1]), body)
    context["body"] = re.sub(r'<th class="head[^"]*"><p></p></th>', "<td></td>", body)


def _add_policy(app: Any, page: str, template: str, context: dict, tree: Any) -> None:
    """Forbid every request to another place on the page that gets photos of readers."""
    if page == "colour":
        policy = f'<meta http-equiv="Content-Security-Policy" content="{colour_page.POLICY}">'
        context["metatags"] = policy + context.get("metatags", "")
