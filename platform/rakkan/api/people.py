"""Members of an organisation and their roles: for administrators' programs."""

from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.models import Membership, User
from rakkan.accounts.roles import Role
from rakkan.accounts.selectors import member_get, member_of, members
from rakkan.accounts.services import role_grant, role_revoke, user_deactivate, user_reactivate
from rakkan.api.answers import document_of, page_of, user_of
from rakkan.api.fields import fields_of


class RoleFields(serializers.Serializer[Any]):
    """A role, and the end of its term."""

    role = serializers.ChoiceField(choices=[role.value for role in Role])
    valid_until = serializers.DateTimeField(required=False, default=None, allow_null=True)


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """A role with its term."""

    class Meta:
        """Fields."""

        model = Membership
        fields: ClassVar = ["role", "granted_at", "granted_by", "valid_until"]


class MemberSerializer(serializers.ModelSerializer[User]):
    """An account and the roles it holds now."""

    roles = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = User
        fields: ClassVar = ["id", "name", "email", "is_active", "roles"]

    def get_roles(self, user: User) -> Any:
        """Return the roles that count now."""
        return MembershipSerializer(member_of(user).held, many=True).data


class People(APIView):
    """Members."""

    def get(self, request: Request) -> Response:
        """List the accounts of one's organisation."""
        return page_of(self, request, members(user_of(request)), MemberSerializer, "pk")


class PersonDetail(APIView):
    """One member."""

    def get(self, request: Request, user_id: UUID) -> Response:
        """Return the account and the roles it holds."""
        member = member_get(user_of(request), user_id).user
        return Response(document_of(request, MemberSerializer, member))


class RoleGrants(APIView):
    """Roles given."""

    def post(self, request: Request, user_id: UUID) -> Response:
        """Give a colleague a role."""
        given = fields_of(RoleFields, request).validated_data
        membership = role_grant(
            user=user_of(request),
            to=user_id,
            role=Role(given["role"]),
            valid_until=given["valid_until"],
        )
        return Response(MembershipSerializer(membership).data, status=201)


class RoleRevocations(APIView):
    """Roles taken."""

    def post(self, request: Request, user_id: UUID) -> Response:
        """Take a role from a colleague."""
        given = fields_of(RoleFields, request).validated_data
        role_revoke(user=user_of(request), of=user_id, role=Role(given["role"]))
        return Response(MemberSerializer(member_get(user_of(request), user_id).user).data)


class Deactivation(APIView):
    """Accounts closed."""

    def post(self, request: Request, user_id: UUID) -> Response:
        """Close a colleague's account."""
        member = user_deactivate(user=user_of(request), member_id=user_id)
        return Response(MemberSerializer(member).data)


class Reactivation(APIView):
    """Accounts opened again."""

    def post(self, request: Request, user_id: UUID) -> Response:
        """Open a colleague's account again."""
        member = user_reactivate(user=user_of(request), member_id=user_id)
        return Response(MemberSerializer(member).data)
