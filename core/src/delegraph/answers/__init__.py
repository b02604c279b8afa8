"""What a model's outputs say, as people put it: classes, boxes, shares of a mask, keypoints, sounds.

A row of ``TASKS`` is a task: the ways in which a model is known to give it, what an answer of it lists, and
how that is drawn. An answer is records, a dictionary each, with the task's columns.
"""

from __future__ import annotations

from .ask import answer, tasks_text, warnings_of
from .boxes import unread_boxes
from .seen import AnswerSettings, Said, Seen
from .tasks import TASKS, Task

__all__ = [
    "TASKS",
    "AnswerSettings",
    "Said",
    "Seen",
    "Task",
    "answer",
    "tasks_text",
    "unread_boxes",
    "warnings_of",
]
