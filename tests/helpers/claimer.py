"""One reader in a process of its own that claims every workitem it is told, as fast as it can."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

import httpx


def main() -> None:
    """Read the order from standard input, wait for the starting shot, print what came of it."""
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    won: list[str] = []
    lost: dict[str, str] = {}
    with httpx.Client(
        base_url=order["url"], headers={"Authorization": f"Bearer {order['token']}"}, trust_env=False, timeout=60
    ) as client:
        client.get("/api/session").raise_for_status()
        say("ready")
        sys.stdin.readline()
        for ups in order["workitems"]:
            body = {
                "00081195": {"vr": "UI", "Value": [f"2.25.{uuid.uuid4().int}"]},
                "00741000": {"vr": "CS", "Value": ["IN PROGRESS"]},
            }
            response = client.put(f"/dicom-web/workitems/{ups}/state", json=[body])
            if response.status_code == 200:
                won.append(ups)
            elif response.status_code == 409 and response.json()["error"] == "already_claimed":
                lost[ups] = response.json()["holder"]
            else:
                raise SystemExit(f"{response.status_code} {response.text}")
    say(json.dumps({"won": won, "lost": lost}))


def say(line: str) -> None:
    """Tell the test one line."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
