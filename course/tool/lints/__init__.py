"""The lints of a notebook: each function checks one promise of the course."""

from course.tool.lints import code, exercises, spoilers, texts

LINTS = (
    texts.heading_order,
    texts.section_count,
    texts.prose_length,
    texts.alt_text,
    texts.closing_sections,
    texts.predictions,
    texts.numbers_are_shown,
    spoilers.open_predictions,
    texts.unwritten,
    code.cell_length,
    code.line_length,
    code.parameters,
    code.portable,
    code.executed,
    code.compared,
    code.size,
    exercises.exercise_count,
    exercises.exercise_numbers,
    exercises.exercise_parts,
    exercises.exercise_cells,
)
