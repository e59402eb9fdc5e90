"""The visible AI label: what each territory asks for, one label that fulfils all, and its check.

Plain Python and numpy, to be read by an auditor; :mod:`compliance.label.drawing` alone needs Pillow
and a font, and only the platform runs it.
"""

from compliance.label.place import LabelPlace
from compliance.label.plan import LabelLine, LabelPlan, plan_label
from compliance.label.profiles import PROFILES, Profile, profiles_for

__all__ = [
    "PROFILES",
    "LabelLine",
    "LabelPlace",
    "LabelPlan",
    "Profile",
    "plan_label",
    "profiles_for",
]
