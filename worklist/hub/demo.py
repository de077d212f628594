"""The people and sites of a demonstration hub; their password is public, so they live on loopback only."""

from __future__ import annotations

from typing import Final

from worklist.hub.accounts import AccountService, NewAccount
from workstation.domain.access import Role
from workstation.domain.site import Site

DEMO_PASSWORD: Final = "lianyue-demo"  # noqa: S105 - public on purpose, never served beyond loopback

CENTRE: Final = Site("centre", "省影像专科联盟远程诊断中心")
QINGSHUI: Final = Site("qingshui", "清水镇中心卫生院")
BEIHE: Final = Site("beihe", "北河县中医院")


def seed_demo(service: AccountService) -> None:
    """Create the demonstration sites and accounts that do not exist yet."""
    people = (
        ("expert", "王启明", Role.SENIOR, CENTRE, "副主任医师"),
        ("resident", "宋佳", Role.READER, CENTRE, "住院医师"),
        ("technician", "韩梅", Role.TECHNICIAN, QINGSHUI, "技师"),
        ("technician2", "赵立新", Role.TECHNICIAN, BEIHE, "技师"),
        ("trainer", "李文清", Role.TRAINER, CENTRE, "教学主管"),
        ("quality", "周敏", Role.QUALITY_MANAGER, CENTRE, "质控员"),
        ("admin", "系统管理员", Role.ADMIN, CENTRE, ""),
        ("worker", "AI 预读", Role.WORKER, CENTRE, ""),
    )
    service.seed(
        (CENTRE, QINGSHUI, BEIHE),
        tuple(
            NewAccount(user_id, DEMO_PASSWORD, name, role, site.site_id, title)
            for user_id, name, role, site, title in people
        ),
    )
