"""A folder of rules: what it is called, which commit it is, under what licence, and which of its files to read."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

import msgspec

from detectionary.model.rule import Source
from detectionary.repositories.licences import licence_of

MAX_FILE_SIZE: Final = 2 * 1024 * 1024
MAX_BODIES: Final = 2 * MAX_FILE_SIZE
"""How much text the rules of one file may hold together as their bodies, where each of them shows the whole file."""
PROVENANCE: Final = "PROVENANCE.json"


class Found(Enum):
    """What a repository's name and commit were taken from."""

    CHECKOUT = "git checkout"
    PROVENANCE = "provenance file"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Repository:
    """`root` is the repository's top folder; `inside` is the part of it that was asked for ("" for all of it).

    `name` is the remote's address without scheme and credentials ("github.com/Azure/Azure-Sentinel"), else the
    folder's name. `commits` says for paths of a folder put together from several commits which one they are of, the
    longest prefix first; None where that is not known.
    """

    root: Path
    name: str
    commit: str | None = None
    licence: str | None = None
    found: Found = Found.FOLDER
    inside: str = ""
    commits: tuple[tuple[str, str | None], ...] = ()

    def source(self, path: str) -> Source:
        """Where the rules of the file at `path` come from."""
        commit = next((commit for prefix, commit in self.commits if path.startswith(prefix)), self.commit)
        return Source(self.name, path, commit, self.licence)

    def rule_id(self, path: str, number: int) -> str:
        """An id for a rule without one: of the path, and of the rule's number in the file behind the first one."""
        return f"{self.name}/{path}" + (f"#{number}" if number > 1 else "")

    def relative(self, path: Path) -> str:
        """`path` from the root on, with forward slashes; a path outside the root raises `ValueError`."""
        absolute = path if path.is_absolute() else Path.cwd() / path
        return Path(os.path.normpath(absolute)).relative_to(self.root).as_posix()


class RepositoryError(Exception):
    """A repository cannot be opened or fetched; the message says why and what to do."""


def open_repository(path: Path) -> Repository:
    """The repository that `path` (a folder or a file) is in.

    Its root is the nearest folder from `path` upwards that is a git checkout or has a provenance file; without one, the
    nearest that has a licence file; without that, the folder itself.
    """
    if not path.exists():
        raise RepositoryError(f"{path}: there is no such file or folder")
    start = Path(os.path.normpath(Path.cwd() / path))
    folder = start if start.is_dir() else start.parent
    lineage = (folder, *folder.parents)
    marked = next((place for place in lineage if (place / ".git").exists() or (place / PROVENANCE).is_file()), None)
    root = marked or next((place for place in lineage if licence_of(place) is not None), folder)
    inside = "" if start == root else start.relative_to(root).as_posix()
    licence = licence_of(root)
    if (root / PROVENANCE).is_file():
        stated = _stated(root)
        if stated is not None:
            name, commit, commits = stated
            return Repository(root, name, commit, licence, Found.PROVENANCE, inside, commits)
    if marked is not None and (root / ".git").exists():
        git = _git_folder(root)
        return Repository(root, _remote_name(git) or root.name, _head_commit(git), licence, Found.CHECKOUT, inside)
    return Repository(root, root.name, None, licence, Found.FOLDER, inside)


# --- a folder put together from elsewhere


class _Base(msgspec.Struct):
    repo: str
    commit: str | None = None


class _Newer(msgspec.Struct):
    solutions: list[str] = []


class _Provenance(msgspec.Struct):
    """`PROVENANCE.json`: the upstream repository, and which parts are of another state of it."""

    base: _Base
    newer_solutions: _Newer | None = None
    single_files: dict[str, str] = {}


def _stated(root: Path) -> tuple[str, str | None, tuple[tuple[str, str | None], ...]] | None:
    try:
        stated = msgspec.json.decode((root / PROVENANCE).read_bytes(), type=_Provenance)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None
    name = stated.base.repo if "." in stated.base.repo.partition("/")[0] else f"github.com/{stated.base.repo}"
    commits: dict[str, str | None] = {
        path: said if _is_commit(said) else None for path, said in stated.single_files.items()
    }
    if stated.newer_solutions is not None:
        commits |= {f"Solutions/{solution}/": None for solution in stated.newer_solutions.solutions}
    return name, stated.base.commit, tuple(sorted(commits.items(), key=lambda item: (-len(item[0]), item[0])))


# --- git, read from its files


def _git_folder(root: Path) -> Path:
    """`.git`, or the folder that a worktree's or submodule's `.git` file names."""
    git = root / ".git"
    if git.is_file():
        text = _read_line(git) or ""
        if text.startswith("gitdir:"):
            return (root / text.removeprefix("gitdir:").strip()).resolve()
    return git


def _common_folder(git: Path) -> Path:
    common = _read_line(git / "commondir")
    return git if common is None else (git / common).resolve()


def _head_commit(git: Path) -> str | None:
    """The commit of HEAD, from the loose reference or the packed ones."""
    head = _read_line(git / "HEAD")
    for _ in range(5):  # a symbolic reference may name another one
        if head is None or not head.startswith("ref:"):
            break
        name = head.removeprefix("ref:").strip()
        if not name.startswith("refs/") or ".." in name:
            return None
        common = _common_folder(git)
        head = _read_line(git / name) or _read_line(common / name) or _packed(common, name)
    return head if head is not None and _is_commit(head) else None


def _packed(git: Path, name: str) -> str | None:
    try:
        lines = (git / "packed-refs").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return next((line[: -len(name) - 1] for line in lines if line.endswith(f" {name}")), None)


def _is_commit(text: str) -> bool:
    return len(text) in (40, 64) and all(character in "0123456789abcdef" for character in text)


def _read_line(path: Path) -> str | None:
    try:
        return path.read_text("utf-8").split("\n", 1)[0].strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _remote_name(git: Path) -> str | None:
    """The address of the remote "origin", else of the first remote, as a name."""
    try:
        lines = (_common_folder(git) / "config").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    remotes: dict[str, str] = {}
    section = ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = line.strip("[]")
        elif section.startswith("remote "):
            key, _, value = line.partition("=")
            if key.strip() == "url":
                remotes.setdefault(section.removeprefix("remote ").strip('"'), value.strip())
    address = remotes.get("origin") or next(iter(remotes.values()), None)
    return None if address is None else name_of_url(address)


def name_of_url(url: str) -> str | None:
    """`host/owner/name` of a git address, without credentials, port and `.git`; of a local one the folder's name."""
    if "://" in url:
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path
        if parts.scheme == "file" or not host:
            return _stem(path)
        return f"{host}/{_trimmed(path)}"
    before, colon, path = url.partition(":")
    if colon and "/" not in before:  # scp form: user@host:owner/name
        return f"{before.rpartition('@')[2].lower()}/{_trimmed(path)}"
    return _stem(url)


def _trimmed(path: str) -> str:
    return path.strip("/").removesuffix(".git")


def _stem(path: str) -> str | None:
    return PurePosixPath(_trimmed(path)).name or None


def fetch(url: str, into: Path) -> Path:
    """A shallow clone of the git repository at `url`, made in a new folder of `into`; its path.

    Runs git without a shell, without prompts, hooks and submodules, and only over https, ssh or from a local path.
    """
    if not _is_fetchable(url):
        raise RepositoryError(f"{url}: only https://, ssh://, file:// and user@host:path addresses are fetched")
    name = _stem(url.partition("?")[0].replace(":", "/")) or "repository"
    target = into / name
    if target.exists():
        raise RepositoryError(f"{target}: exists already; remove it, or ingest it as a folder")
    into.mkdir(parents=True, exist_ok=True)
    command = [
        "git",
        *("-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "protocol.ext.allow=never"),
        *("-c", "core.fsmonitor=false", "-c", "credential.helper="),
        *("clone", "--quiet", "--depth", "1", "--single-branch", "--no-tags", "--no-recurse-submodules"),
        *("--template=", "--", url, str(target)),
    ]
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "https:ssh:file",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    }
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError:
        raise RepositoryError("git is not installed; clone the repository by other means and give its folder") from None
    if done.returncode != 0:
        reason = _last_line(done.stderr) or f"git ended with status {done.returncode}"
        raise RepositoryError(f"{_without_credentials(url)}: cannot be fetched: {_without_secret(reason, url)}")
    return target


def _is_fetchable(url: str) -> bool:
    if url.startswith("-") or any(character.isspace() or not character.isprintable() for character in url):
        return False
    scheme, separator, _ = url.partition("://")
    if separator:
        return scheme in ("https", "ssh", "file")
    before, colon, path = url.partition(":")
    return bool(colon and "@" in before and "/" not in before and path and not path.startswith(":"))


def _without_credentials(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}/{rest.partition('/')[2]}" if separator else url


def _without_secret(message: str, url: str) -> str:
    return message.replace(url, _without_credentials(url))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("fatal: ") if lines else ""


# --- its files


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the repository; `path` is relative to its root. `ignored` says why it is not to be read."""

    path: str
    size: int
    ignored: str | None = None
    modified: int = 0
    """When it was changed, in nanoseconds."""


_BINARY: Final = frozenset(
    (
        *(".png", ".jpg", ".jpeg", ".gif", ".bmp", ".ico", ".svg", ".webp", ".mp4", ".woff", ".woff2", ".ttf"),
        *(".pdf", ".xlsx", ".xls", ".docx", ".doc", ".pptx", ".ppt", ".evtx", ".parquet", ".pcap", ".db"),
        *(".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".exe", ".dll", ".bin", ".pyc", ".jar"),
    )
)


def files(repository: Repository) -> Iterator[FoundFile]:
    """All files of the repository (or of the part asked for), sorted by path, those not to be read included.

    The folder `.git` is no content. A link to a file is followed only when it stays inside the root.
    """
    start = repository.root / repository.inside if repository.inside else repository.root
    if start.is_file():
        yield _found(repository.root, repository.inside, start.is_symlink())
        return
    prefix = f"{repository.inside}/" if repository.inside else ""
    yield from sorted(_walk(repository.root, str(start), prefix), key=lambda found: found.path)


def _walk(root: Path, folder: str, prefix: str) -> Iterator[FoundFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.name == ".git":
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(root, entry.path, f"{path}/")
            elif entry.is_symlink() and entry.is_dir():
                yield FoundFile(path, 0, "a link to a folder")
            else:
                yield _found(root, path, entry.is_symlink())


def _found(root: Path, path: str, is_link: bool) -> FoundFile:
    place = root / path
    try:
        if is_link and not place.resolve().is_relative_to(root.resolve()):
            return FoundFile(path, 0, "a link out of the repository")
        status = place.stat()
    except OSError as error:
        return FoundFile(path, 0, f"unreadable: {error.strerror}")
    if not stat.S_ISREG(status.st_mode):
        return FoundFile(path, 0, "no regular file")
    if place.suffix.lower() in _BINARY:
        return FoundFile(path, status.st_size, "a binary format")
    if status.st_size > MAX_FILE_SIZE:
        return FoundFile(path, status.st_size, f"larger than {MAX_FILE_SIZE // 1024 // 1024} MiB")
    return FoundFile(path, status.st_size, modified=status.st_mtime_ns)
