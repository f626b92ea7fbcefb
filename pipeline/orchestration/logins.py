"""Airflow's simple auth manager, less what it grants too much and too long.

A forecaster answers questions and changes nothing else. A token ends with the password it was given
for: who leaves, or whose password is set anew, is out at once and not when a day is over.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.configuration import conf
from jwt import ExpiredSignatureError

SEAL = "password_seal"


class Logins(SimpleAuthManager):  # type: ignore[misc]
    """Users as `pipeline.local.logins` keeps them."""

    def serialize_user(self, user: SimpleAuthManagerUser) -> dict[str, Any]:
        """Return what a token says: also which password it was given for, without saying it."""
        return {**super().serialize_user(user), SEAL: _seal(user.username)}

    def deserialize_user(self, token: dict[str, Any]) -> SimpleAuthManagerUser:
        """Return the user of a token.

        Raises:
            ExpiredSignatureError: the user has left, or has another password since. So the page
                asks to log in again; any other error it would only show.
        """
        user = super().deserialize_user(token)
        seal = _seal(user.username)
        if seal is None or not hmac.compare_digest(str(token.get(SEAL)), seal):
            raise ExpiredSignatureError(f"{user.username}: has left, or has another password")
        return user

    def is_authorized_dag(
        self,
        *,
        method: Any,  # noqa: ANN401
        user: SimpleAuthManagerUser,
        access_entity: DagAccessEntity | None = None,
        details: Any = None,  # noqa: ANN401
    ) -> bool:
        """Let a forecaster answer questions, and change nothing else: not run, clear or pause."""
        is_forecaster = (user.role or "").lower() == "user"
        if is_forecaster and method != "GET" and access_entity != DagAccessEntity.HITL_DETAIL:
            return False
        allowed: bool = super().is_authorized_dag(
            method=method, user=user, access_entity=access_entity, details=details
        )
        return allowed


def _seal(login: str) -> str | None:
    """Return what changes with the password; nothing for who has none, having left."""
    password = SimpleAuthManager.get_passwords().get(login)
    if password is None:
        return None
    key = conf.get_mandatory_value("api_auth", "jwt_secret").encode()
    return hmac.new(key, f"{login}\0{password}".encode(), hashlib.sha256).hexdigest()[:32]
