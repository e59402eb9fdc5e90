"""Who somebody is to a rule: policies and forbidden uses ask for it."""

from enum import StrEnum


class PersonClass(StrEnum):
    """The kind of person that is depicted."""

    ADULT = "adult"
    PUBLIC_OFFICIAL = "public_official"
    MINOR = "minor"
    DECEASED = "deceased"


OWN_CLASSES = (PersonClass.ADULT, PersonClass.PUBLIC_OFFICIAL)  # act for themselves


class Relation(StrEnum):
    """Why somebody acts for a person who has no account of their own."""

    PARENT = "parent"
    LEGAL_GUARDIAN = "legal_guardian"
    HEIR = "heir"
    RIGHTS_HOLDER = "rights_holder"


RELATIONS = {  # what makes somebody act for a person of a class; nobody acts for the others
    PersonClass.MINOR: (Relation.PARENT, Relation.LEGAL_GUARDIAN),
    PersonClass.DECEASED: (Relation.HEIR, Relation.RIGHTS_HOLDER),
}

MAJORITY_YEARS = 18  # where a date of birth is known; a minor's record has a date of its own
