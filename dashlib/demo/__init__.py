"""A simulated GitLab with an invented company behind it.

`World` is what happened, `create_app` serves it as GitLab would (and as badly, with `Faults`), `serving` runs that in a
thread, `Live` makes more happen, `story` tells what to look for, `truth` what a loader ought to find.
"""

from dashlib.demo.faults import Faults
from dashlib.demo.gitlab import READ_TOKEN, WRITE_TOKEN, create_app
from dashlib.demo.live import Live
from dashlib.demo.serve import serving
from dashlib.demo.stories import STORIES, Story, story
from dashlib.demo.world import World

__all__ = [
    "READ_TOKEN",
    "STORIES",
    "WRITE_TOKEN",
    "Faults",
    "Live",
    "Story",
    "World",
    "create_app",
    "serving",
    "story",
]
