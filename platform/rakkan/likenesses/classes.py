"""Who somebody is to a rule: policies and forbidden uses ask for it."""

from enum import StrEnum


class PersonClass(StrEnum):
    """The kind of person that is depicted."""

    ADULT = "adult"
    PUBLIC_OFFICIAL = "public_official"
    MINOR = "minor"
    DECEASED = "deceased"


OWN_CLASSES = (PersonClass.ADULT, PersonClass.PUBLIC_OFFICIAL)  # act for themselves
