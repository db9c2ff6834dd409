"""One frozen Config, and the only reader of the environment.

Every variable can be read from a file: `OPENAI_API_KEY_FILE=/run/secrets/key` stands for
`OPENAI_API_KEY`. A `.env` file in the working directory is read too; the environment wins.
"""

from __future__ import annotations

from dataclasses import dataclass

from dotenv import load_dotenv

from app.config.contradictions import available, contradictions
from app.config.environment import Env, sealed
from app.config.settings import Settings
from app.config.variables import read
from app.servers import CompatibleServer

__all__ = ["CompatibleServer", "Config", "ConfigError"]


class ConfigError(Exception):
    """The environment cannot be used; `problems` holds a sentence for each bad value."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"Parley cannot start with this configuration:\n{listed}")


@dataclass(frozen=True)
class Config(Settings):
    """The settings, made from the environment."""

    @property
    def models(self) -> set[str]:
        """What the name of a model may begin with, and the aliases."""
        return available(vars(self)) | self.model_aliases.keys()

    @classmethod
    def from_env(cls) -> Config:
        """Read the environment. Raises ConfigError with every bad value in it."""
        load_dotenv(".env")
        env = Env(eager=False, strip_whitespace=True)
        values = read(env)
        problems = sealed(env) + contradictions(values)
        if problems:
            raise ConfigError(problems)
        return cls(**values)
