"""What a folder is: its name, commit and licence, and its files; and how a repository is fetched."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from detectionary.model.rule import Source
from detectionary.repositories import Found, RepositoryError, fetch, files, open_repository, read_file
from detectionary.repositories.repository import MAX_FILE_SIZE, name_of_url
from tests.repositories.reading import whole

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MIT = "Permission is hereby granted, free of charge. The above copyright notice."


def write(path: Path, text: str | bytes = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def checkout(root: Path, url: str = "https://example.org/team/rules.git") -> Path:
    write(root / ".git/HEAD", "ref: refs/heads/main\n")
    write(root / ".git/refs/heads/main", f"{COMMIT}\n")
    write(root / ".git/config", f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n')
    return root


def test_a_checkout_has_the_name_of_its_remote_and_its_commit(tmp_path: Path) -> None:
    write(checkout(tmp_path) / "LICENSE", MIT)
    opened = open_repository(tmp_path)
    assert (opened.name, opened.commit, opened.licence, opened.found) == (
        "example.org/team/rules",
        COMMIT,
        "MIT",
        Found.CHECKOUT,
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://user:secret@Example.org:8443/team/rules.git", "example.org/team/rules"),
        ("ssh://git@example.org/team/rules", "example.org/team/rules"),
        ("git@example.org:team/rules.git", "example.org/team/rules"),
        ("example.org:team/rules", "example.org/team/rules"),
        ("file:///srv/mirrors/rules.git", "rules"),
        ("/srv/mirrors/rules.git/", "rules"),
        ("../rules", "rules"),
    ],
)
def test_a_name_holds_no_scheme_and_no_credentials(url: str, name: str) -> None:
    assert name_of_url(url) == name


def test_a_commit_is_found_among_packed_references(tmp_path: Path) -> None:
    (checkout(tmp_path) / ".git/refs/heads/main").unlink()
    assert open_repository(tmp_path).commit is None
    write(
        tmp_path / ".git/packed-refs",
        f"# pack-refs with: peeled\n{'f' * 40} refs/heads/main2\n{COMMIT} refs/heads/main\n",
    )
    assert open_repository(tmp_path).commit == COMMIT


def test_a_detached_head_is_a_commit(tmp_path: Path) -> None:
    write(checkout(tmp_path) / ".git/HEAD", f"{COMMIT}\n")
    assert open_repository(tmp_path).commit == COMMIT


def test_a_reference_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "secret", f"{COMMIT}\n")
    write(checkout(tmp_path / "rules") / ".git/HEAD", "ref: refs/../../../secret\n")
    assert open_repository(tmp_path / "rules").commit is None


def test_a_worktree_has_the_commit_of_its_own_head(tmp_path: Path) -> None:
    main = checkout(tmp_path / "main")
    own = main / ".git/worktrees/side"
    write(own / "HEAD", "ref: refs/heads/side\n")
    write(own / "commondir", "../..\n")
    write(main / ".git/refs/heads/side", f"{'a' * 40}\n")
    write(tmp_path / "side/.git", f"gitdir: {own}\n")
    opened = open_repository(tmp_path / "side")
    assert (opened.name, opened.commit) == ("example.org/team/rules", "a" * 40)


def test_a_folder_inside_a_checkout_keeps_its_paths(tmp_path: Path) -> None:
    checkout(tmp_path)
    write(tmp_path / "Detections/a.yaml", "id: 1\nname: A\nquery: T\n")
    write(tmp_path / "Hunting/b.yaml", "id: 2\nname: B\nquery: T\n")
    opened = open_repository(tmp_path / "Detections")
    assert (opened.root, opened.inside) == (tmp_path, "Detections")
    assert [found.path for found in files(opened)] == ["Detections/a.yaml"]
    single = open_repository(tmp_path / "Hunting/b.yaml")
    assert [found.path for found in files(single)] == ["Hunting/b.yaml"]
    (rule,) = read_file(tmp_path / "Hunting/b.yaml", single, whole).rules
    assert rule.source == Source("example.org/team/rules", "Hunting/b.yaml", COMMIT, None)


def test_a_plain_folder_has_its_own_name_and_no_commit(tmp_path: Path) -> None:
    write(tmp_path / "rules/sub/a.yaml")
    opened = open_repository(tmp_path / "rules")
    assert (opened.name, opened.commit, opened.licence, opened.inside) == ("rules", None, None, "")


def test_a_licence_marks_the_root_of_a_plain_folder(tmp_path: Path) -> None:
    write(tmp_path / "rules/LICENSE.txt", MIT)
    write(tmp_path / "rules/sub/a.yaml")
    opened = open_repository(tmp_path / "rules/sub")
    assert (opened.root, opened.inside, opened.licence) == (tmp_path / "rules", "sub", "MIT")


def test_a_provenance_file_says_where_a_folder_comes_from(tmp_path: Path) -> None:
    stated = {
        "base": {"repo": "Team/Rules", "commit": COMMIT},
        "newer_solutions": {"solutions": ["New"]},
        "single_files": {"a/one.yaml": "b" * 40, "a/two.yaml": "from a page"},
    }
    write(tmp_path / "PROVENANCE.json", json.dumps(stated))
    opened = open_repository(tmp_path)
    assert (opened.name, opened.commit, opened.found) == ("github.com/Team/Rules", COMMIT, Found.PROVENANCE)
    paths = ("a/one.yaml", "a/two.yaml", "Solutions/New/x.yaml", "Solutions/Newer/x.yaml")
    assert [opened.source(path).commit for path in paths] == ["b" * 40, None, None, COMMIT]


def test_a_provenance_file_of_another_form_is_no_obstacle(tmp_path: Path) -> None:
    write(tmp_path / "PROVENANCE.json", "[]")
    assert open_repository(tmp_path).found is Found.FOLDER


def test_what_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="no such file or folder"):
        open_repository(tmp_path / "nowhere")


def test_files_are_sorted_and_every_one_is_accounted_for(tmp_path: Path) -> None:
    root = checkout(tmp_path / "rules")
    write(root / "b/z.yaml", "x")
    write(root / "b.yaml", "x")
    write(root / "A.yaml", "x")
    write(root / "picture.PNG", b"\x89PNG")
    write(root / "large.json", b" " * (MAX_FILE_SIZE + 1))
    write(tmp_path / "outside.yaml", "x")
    (root / "inside-link.yaml").symlink_to(root / "A.yaml")
    (root / "outside-link.yaml").symlink_to(tmp_path / "outside.yaml")
    (root / "broken-link.yaml").symlink_to(root / "gone.yaml")
    (root / "folder-link").symlink_to(tmp_path)
    os.mkfifo(root / "pipe.yaml")
    assert [(found.path, found.ignored) for found in files(open_repository(root))] == [
        ("A.yaml", None),
        ("b.yaml", None),
        ("b/z.yaml", None),
        ("broken-link.yaml", "unreadable: No such file or directory"),
        ("folder-link", "a link to a folder"),
        ("inside-link.yaml", None),
        ("large.json", "larger than 2 MiB"),
        ("outside-link.yaml", "a link out of the repository"),
        ("picture.PNG", "a binary format"),
        ("pipe.yaml", "no regular file"),
    ]


def test_a_file_without_text_is_ignored_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", " \n")
    write(tmp_path / "b.kql", b"\0" * 100)
    opened = open_repository(tmp_path)
    assert read_file(tmp_path / "a.yaml", opened, whole).ignored == "an empty file"
    assert read_file(tmp_path / "b.kql", opened, whole).ignored == "no text"


def test_an_odd_encoding_is_said_at_the_rule(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", "id: 1\nname: Café\nquery: T\n".encode("cp1252"))
    (rule,) = read_file(path, open_repository(tmp_path), whole).rules
    assert (rule.title, [fault.code for fault in rule.diagnostics]) == ("Café", ["SRC101"])


# --- fetching


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A repository with one rule, and a hook that would leave a trace."""
    root = tmp_path / "upstream"
    write(root / "Detections/a.yaml", "id: 1\nname: A\nquery: T\n")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("commit", "-q", "-m", "First"),
        ("commit", "-q", "--allow-empty", "-m", "Second"),
    ):
        subprocess.run(["git", *author, *command], cwd=root, env=environment, check=True, capture_output=True)
    return root


def test_a_repository_is_fetched_shallow(tmp_path: Path, upstream: Path) -> None:
    fetched = fetch(upstream.as_uri(), tmp_path / "fetched")
    assert fetched == tmp_path / "fetched/upstream"
    assert (fetched / "Detections/a.yaml").is_file()
    assert (fetched / ".git/shallow").is_file()
    opened = open_repository(fetched)
    assert opened.commit is not None
    assert opened.name == "upstream"


def test_templates_and_their_hooks_are_not_used(
    tmp_path: Path, upstream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = write(tmp_path / "template/hooks/post-checkout", f"#!/bin/sh\ntouch {tmp_path}/trace\n")
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(tmp_path / "template"))
    write(tmp_path / "home/.gitconfig", f"[init]\n\ttemplateDir = {tmp_path}/template\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    fetch(upstream.as_uri(), tmp_path / "fetched")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% trace",
        "--upload-pack=touch trace",
        "git://example.org/rules",
        "http://example.org/rules",
        "-oProxyCommand=x",
        "rules",
        "https://example.org/a b",
        "file\n:///x",
        "user@host::x",
    ],
)
def test_other_addresses_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(RepositoryError, match="only https://"):
        fetch(url, tmp_path)


def test_a_failed_fetch_says_why_and_tells_no_password(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError) as raised:
        fetch(f"file://user:secret@localhost{tmp_path}/nothing-here", tmp_path / "fetched")
    assert "cannot be fetched" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_folder_that_is_there_is_not_fetched_over(tmp_path: Path, upstream: Path) -> None:
    (tmp_path / "fetched/upstream").mkdir(parents=True)
    with pytest.raises(RepositoryError, match="exists already"):
        fetch(upstream.as_uri(), tmp_path / "fetched")
