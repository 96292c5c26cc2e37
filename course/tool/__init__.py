"""The code of ``python -m course``; a file for each command and each idea."""

import sys

# jsonschema, which nbformat imports, builds a grammar of web addresses if this package is there:
# that takes 4 seconds in each process, and no schema of ours uses it.
sys.modules.setdefault("rfc3987_syntax", None)
