"""What the tool and the tests leave out so that they start sooner; ``-p course.tool.light`` tells pytest.

nbformat imports jsonschema, which makes a parser for each of the many parts that a web address may have: that
takes longer than all the rest. No notebook is checked with them, and jsonschema does without where their
package is missing.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # an import of it fails from now on
