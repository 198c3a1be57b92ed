"""Which platforms are configured, and what is missing where one is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Per platform: its key, and what the key cannot be used without.
NEEDS = {
    "x": ("X_BEARER_TOKEN",),
    "instagram": ("INSTAGRAM_ACCESS_TOKEN", "INSTAGRAM_USER_ID"),
    "facebook": ("FACEBOOK_ACCESS_TOKEN", "FACEBOOK_PAGE_IDS"),
    "youtube": ("YOUTUBE_API_KEY",),
    "tiktok": ("TIKTOK_CLIENT_KEY", "TIKTOK_CLIENT_SECRET"),
}
DUTIES = {
    "youtube": "; what it stores must be refreshed or deleted within 30 days",
    "tiktok": "; for approved researchers only",
}
MOST_HASHTAGS = 30  # unique ones that Instagram answers for in seven days


@dataclass(frozen=True)
class Setup:
    """One platform's configuration: ready to be searched, or why not; `wrong` must be mended.

    One that is ready and wrong is asked all the same and refused: it holds up no other.
    """

    platform: str
    ready: bool
    said: str
    wrong: bool = False


def setups(settings: Any) -> list[Setup]:
    """Every platform's configuration, in the order of NEEDS; never a secret's value."""
    return [_setup(settings, platform) for platform in NEEDS]


def _broken(value: str | tuple[str, ...]) -> bool:
    """Whether a key or an id was pasted with something in its middle, which none of them has."""
    parts = [value] if isinstance(value, str) else value
    return any(part.split() != [part] for part in parts)


def _setup(settings: Any, platform: str) -> Setup:
    key, *others = NEEDS[platform]
    if not getattr(settings, key.lower()):
        return Setup(platform, False, f"not configured ({key} is empty)")
    wanted = settings.collector_platforms
    if wanted and platform not in wanted:
        return Setup(platform, False, "left out by COLLECTOR_PLATFORMS")
    missing = [name for name in others if not getattr(settings, name.lower())]
    if missing:
        said = f"{key} is set, but {' and '.join(missing)} is empty"
        return Setup(platform, False, said, wrong=True)
    if platform == "instagram" and len(settings.instagram_hashtags) > MOST_HASHTAGS:
        said = (
            f"INSTAGRAM_HASHTAGS names more than the {MOST_HASHTAGS} that Instagram allows a week"
        )
        return Setup(platform, False, said, wrong=True)
    if any(_broken(getattr(settings, name.lower())) for name in (key, *others)):
        names = " or ".join((key, *others))
        return Setup(
            platform, True, f"{names} contains a space or line break; paste it again", True
        )
    return Setup(platform, True, f"configured ({key} is set){DUTIES.get(platform, '')}")
