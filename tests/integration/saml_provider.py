"""A SAML identity provider: reads the request, answers with an assertion it really signs."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from lxml import etree

SAML, SAMLP = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"


def _pair() -> tuple[bytes, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, certificate.public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class SamlProvider:
    """One provider; what an answer says can be changed per test."""

    entity_id: str = "https://idp.example/metadata"
    sso_url: str = "https://idp.example/sso"
    pair: tuple[bytes, str] = field(default_factory=_pair)

    @property
    def certificate(self) -> str:
        """What the operator is given."""
        return self.pair[1]

    def answer(self, asked: str, *, subject: str, email: str, **changes: Any) -> str:
        """What the provider's page sends back, as the form field SAMLResponse.

        ``changes``: ``audience``, ``recipient``, ``ends`` (seconds from now), ``signed`` (False:
        not at all), ``key`` (another provider's), ``touched`` (replaced after signing).
        """
        query = parse_qs(urlsplit(asked).query)
        request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
        acs = request.get("AssertionConsumerServiceURL")
        audience = request.findtext(f"{{{SAML}}}Issuer")
        now = datetime.now(UTC)
        end = now + timedelta(seconds=changes.get("ends", 300))
        text = _RESPONSE.format(
            response=f"_{token_hex(16)}",
            assertion=f"_{token_hex(16)}",
            asked=request.get("ID"),
            acs=changes.get("recipient", acs),
            audience=changes.get("audience", audience),
            idp=self.entity_id,
            subject=subject,
            email=email,
            start=f"{now - timedelta(seconds=600):%Y-%m-%dT%H:%M:%SZ}",
            now=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            end=f"{end:%Y-%m-%dT%H:%M:%SZ}",
        )
        root = etree.fromstring(text)
        if changes.get("signed", True):
            _sign(root, changes.get("key", self.pair[0]))
        data = etree.tostring(root)
        for old, new in changes.get("touched", {}).items():
            data = data.replace(old.encode(), new.encode())
        return base64.b64encode(data).decode()


def _sign(root: Any, key: bytes) -> None:
    assertion = root.find(f"{{{SAML}}}Assertion")
    signature = xmlsec.template.create(
        assertion, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns="ds"
    )
    assertion.insert(1, signature)
    reference = xmlsec.template.add_reference(
        signature, xmlsec.constants.TransformSha256, uri=f"#{assertion.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key, xmlsec.constants.KeyDataFormatPem)
    context.register_id(assertion, "ID")
    context.sign(signature)


_RESPONSE = """\
<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{response}" Version="2.0" \
IssueInstant="{now}" Destination="{acs}" InResponseTo="{asked}">\
<saml:Issuer>{idp}</saml:Issuer>\
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>\
<saml:Assertion ID="{assertion}" Version="2.0" IssueInstant="{now}">\
<saml:Issuer>{idp}</saml:Issuer>\
<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{subject}\
</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{acs}" InResponseTo="{asked}"/>\
</saml:SubjectConfirmation></saml:Subject>\
<saml:Conditions NotBefore="{start}" NotOnOrAfter="{end}">\
<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>\
</saml:Conditions><saml:AuthnStatement AuthnInstant="{now}" SessionIndex="{assertion}">\
<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified\
</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>\
<saml:Attribute Name="email"><saml:AttributeValue>{email}</saml:AttributeValue></saml:Attribute>\
</saml:AttributeStatement></saml:Assertion></samlp:Response>"""
