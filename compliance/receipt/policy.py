"""The scope of a consent as an ODRL 2.2 agreement: what is permitted, and that all else is not.

The person is the assigner, the controller the assignee, their likeness or voice the target. ODRL
lets what is not mentioned undecided, so each dimension also has its prohibition.
"""

from typing import Any

from compliance.receipt.terms import ConsentTerms

WORLD = "WORLD"  # a territory that covers every other: nothing is left to prohibit
_DIMENSIONS = (  # field of the terms, ODRL left operand
    ("purposes", "odrl:purpose"),
    ("channels", "odrl:deliveryChannel"),
    ("territories", "odrl:spatial"),
    ("languages", "odrl:language"),
)
_CHANGE = "rakkan:change"


def write_policy(terms: ConsentTerms) -> dict[str, Any]:
    """Return the agreement; every word of the scope stands in it."""
    return {
        "@id": f"urn:uuid:{terms.consent_id}#policy",
        "@type": "odrl:Agreement",
        "conflict": "odrl:prohibit",  # in doubt it is not allowed
        "assigner": f"urn:uuid:{terms.principal}",
        "assignee": f"urn:uuid:{terms.controller_id}",
        "target": f"urn:uuid:{terms.target_id}",
        "permission": _permissions(terms),
        "prohibition": _prohibitions(terms),
    }


def read_words(policy: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the words each dimension permits, by the field of :class:`ConsentTerms`.

    Only what is written by :func:`write_policy` is looked at; that there is nothing else is for
    the caller to check, by writing the policy again.

    Raises:
        KeyError: a dimension has no constraint.
    """
    permitted = {
        constraint["leftOperand"]: tuple(constraint["rightOperand"])
        for rule in policy["permission"]
        for constraint in rule["constraint"]
        if constraint["operator"] == "odrl:isAnyOf"
    }
    words = {name: permitted[operand] for name, operand in _DIMENSIONS}
    return {**words, "permitted_changes": permitted.get(_CHANGE, ())}


def _permissions(terms: ConsentTerms) -> list[dict[str, Any]]:
    scope = [_any_of(operand, getattr(terms, name)) for name, operand in _DIMENSIONS]
    term = [
        _at("odrl:gteq", terms.valid_from),
        _at("odrl:lt", terms.valid_until),
    ]
    use = {
        "action": "odrl:use",
        "constraint": [*scope, *term],
        "duty": [{"action": "rakkan:showAiLabel"}],  # the words are the record's ai_label
    }
    if not terms.permitted_changes:
        return [use]
    change = _any_of(_CHANGE, terms.permitted_changes)
    return [use, {"action": "odrl:modify", "constraint": [change]}]


def _prohibitions(terms: ConsentTerms) -> list[dict[str, Any]]:
    rules = [
        {"action": "odrl:use", "constraint": [_none_of(operand, getattr(terms, name))]}
        for name, operand in _DIMENSIONS
        if WORLD not in getattr(terms, name)
    ]
    change: dict[str, Any] = {"action": "odrl:modify"}
    if terms.permitted_changes:
        change["constraint"] = [_none_of(_CHANGE, terms.permitted_changes)]
    return [*rules, change]


def _any_of(operand: str, words: tuple[str, ...]) -> dict[str, Any]:
    return {"leftOperand": operand, "operator": "odrl:isAnyOf", "rightOperand": list(words)}


def _none_of(operand: str, words: tuple[str, ...]) -> dict[str, Any]:
    return {"leftOperand": operand, "operator": "odrl:isNoneOf", "rightOperand": list(words)}


def _at(operator: str, moment: str) -> dict[str, Any]:
    value = {"@type": "xsd:dateTime", "@value": moment}
    return {"leftOperand": "odrl:dateTime", "operator": operator, "rightOperand": value}
