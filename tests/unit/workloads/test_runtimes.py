"""What runtimes' command lines and states say."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from stockade.workloads import state_roots
from stockade.workloads.runtimes import Claim, all_states, claim_of, is_init, read_state
from tests.support.records import ENTRY
from tests.unit.workloads.helpers import HEX, TICK_NS, TICKS, write, write_state, write_status

NOBODY = 1 << 22  # above every process number
BUNDLE, ROOT = Path("/b/web"), Path("/r")


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        ("runc create --bundle /b/web web", Claim("web", "runc", None, BUNDLE)),
        ("runc create -b /b/web web", Claim("web", "runc", None, BUNDLE)),
        ("runc --root /r create --bundle=/b/web web", Claim("web", "runc", ROOT, BUNDLE)),
        ("runc --root=/r run -d --pid-file /p web", Claim("web", "runc", ROOT)),
        ("/usr/sbin/runc --debug --systemd-cgroup start web", Claim("web", "runc")),
        ("runc --log /l --log-format json start web", Claim("web", "runc")),
        ("runc --log create --root /r run web", Claim("web", "runc", ROOT)),
        ("runc restore web", Claim("web", "runc")),
        ("crun --cgroup-manager systemd --root /r run web", Claim("web", "crun", ROOT)),
        ("crun --rootless true create -b /b/web web", Claim("web", "crun", None, BUNDLE)),
        ("youki create -b /b/web web", Claim("web", "youki", None, BUNDLE)),
        ("docker-runc start web", Claim("web", "runc")),
        ("runc --root r create --bundle b web", Claim("web", "runc")),
        ("runc create --pid-file --bundle web", Claim("web", "runc")),
        (
            f"conmon -u u -c {HEX} -r /usr/bin/crun -b /b/web --exit-command-arg --runtime runc",
            Claim(HEX, "crun", None, BUNDLE),
        ),
        (f"/usr/libexec/conmon --cid={HEX}", Claim(HEX)),
        (
            f"conmon --cid {HEX} --runtime runc --bundle /b/web",
            Claim(HEX, "runc", None, BUNDLE),
        ),
        (f"containerd-shim-runc-v2 -namespace moby -id {HEX} -address /a", Claim(HEX, shared=True)),
        (f"/usr/bin/containerd-shim --id={HEX}", Claim(HEX, shared=True)),
    ],
)
def test_command_lines(line: str, claim: Claim) -> None:
    assert claim_of(NOBODY, line.split()) == claim


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("",),
        ("runc",),
        ("runc", "create"),
        ("runc", "--root"),
        ("runc", "--root", "/r"),
        ("runc", "--root", "create", "web"),
        ("runc", "create", "--bundle"),
        ("runc", "create", "-web"),
        ("runc", "init", "web"),
        ("runc", "exec", "web", "sh"),
        ("runc", "state", "web"),
        ("runc", "--", "web"),
        ("runc", "create", ""),
        ("runc", "create", "/etc"),
        ("runc", "create", "../web"),
        ("runc", "create", ".."),
        ("conmon",),
        ("conmon", "-c"),
        ("conmon", "-r", "runc"),
        ("conmon", "--cid="),
        ("conmon", "-c", "-u"),
        ("containerd-shim-runc-v2",),
        ("containerd-shim-runc-v2", "-id"),
        ("containerd-shim-runc-v2", "-id", ""),
        ("runcible", "create", "web"),
        ("sh", "-c", "runc create web"),
        ("runc:[2:INIT]",),
    ],
    ids=" ".join,
)
def test_what_names_no_container(args: tuple[str, ...]) -> None:
    assert claim_of(NOBODY, args) is None


def test_a_shim_works_beside_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / HEX).mkdir()
    monkeypatch.chdir(tmp_path / HEX)
    claim = claim_of(os.getpid(), ("containerd-shim-runc-v2", "-id", "other"))
    assert claim is not None
    assert claim.bundle is not None
    assert claim.bundle.resolve() == tmp_path / "other"


@pytest.mark.parametrize("args", ["create web", "create -b bundle web", "create -b ./bundle web"])
def test_a_bundle_is_where_the_runtime_means(
    args: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    claim = claim_of(os.getpid(), ["runc", *args.split()])
    assert claim == Claim("web", "runc", None, tmp_path / ("bundle" if "-b" in args else ""))


@pytest.mark.parametrize("identity", [HEX, ".", "a/b", "/"])
def test_what_only_calls_itself_a_shim(identity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    claim = claim_of(os.getpid(), ("containerd-shim", "-id", identity))
    assert claim is None or claim.id == identity


@pytest.mark.parametrize("missing", ["--root", "--bundle", "-b", "--log"])
@pytest.mark.parametrize("program", ["runc", "crun", "conmon", "containerd-shim"])
def test_an_option_without_its_value_is_no_error(program: str, missing: str) -> None:
    for args in ([missing], ["create", missing], ["-c", missing], [missing, "create", missing]):
        claim_of(NOBODY, [program, *args])


def test_states_of_runc_and_crun(tmp_path: Path) -> None:
    init = (ENTRY.init.tgid, TICKS)
    write_state(tmp_path, "a", BUNDLE)
    write_status(tmp_path, "b", BUNDLE)
    write_state(tmp_path, "c")
    assert read_state(tmp_path, "a") == Claim("a", "runc", tmp_path, BUNDLE, init)
    assert read_state(tmp_path, "b") == Claim("b", "crun", tmp_path, BUNDLE, init)
    assert read_state(tmp_path, "c") == Claim("c", "runc", tmp_path, None, init)
    assert read_state(tmp_path, "d") is None
    assert {claim.id for claim in all_states([tmp_path, tmp_path / "none"])} == {"a", "b", "c"}


def test_a_reused_process_number_is_another_process(tmp_path: Path) -> None:
    write_state(tmp_path, "web")
    claim = read_state(tmp_path, "web")
    assert claim is not None
    tgid, start = ENTRY.init.tgid, ENTRY.init.start_ns
    assert is_init(claim, tgid, start)
    assert is_init(claim, tgid, start + TICK_NS - 1)
    assert not is_init(claim, tgid, start - 1)
    assert not is_init(claim, tgid, start + TICK_NS)
    assert not is_init(claim, tgid + 1, start)
    assert not is_init(Claim("web"), tgid, start)


BAD = {
    "empty": b"",
    "cut": b'{"id": "web", "init_process_pid": 1',
    "list": b"[]",
    "null": b"null",
    "types": b'{"id": 5, "pid": "x"}',
    "float": b'{"id": "web", "init_process_pid": 1.5, "pid": 1.5}',
    "huge": b'{"id": "web", "init_process_pid": 1' + b"0" * 5000 + b"}",
    "labels": b'{"id": "web", "config": {"labels": [1]}}',
    "no id": b"{}",
    "not UTF-8": b'{"id": "\xff", "bundle": "\xff"}',
    "surrogate": b'{"id": "\\ud800", "pid": 1, "bundle": "\\ud800"}',
    "deep": b'{"x": ' + b"[" * 200_000,
}


@pytest.mark.parametrize("name", ["state.json", "status"])
@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_what_is_no_state_is_left_out(tmp_path: Path, name: str, content: bytes) -> None:
    write(tmp_path / "bad" / name, content)
    write_state(tmp_path, "good")
    assert read_state(tmp_path, "bad") is None
    assert [state.id for state in all_states([tmp_path])] == ["good"]


@pytest.mark.parametrize("name", ["state.json", "status"])
def test_nobody_waits_for_a_state_that_is_a_fifo(tmp_path: Path, name: str) -> None:
    """Users' runtimes keep state where any user can write."""
    (tmp_path / "bad").mkdir()
    os.mkfifo(tmp_path / "bad" / name)
    reader = threading.Thread(target=read_state, args=(tmp_path, "bad"), daemon=True)
    reader.start()
    reader.join(0.3)
    waits = reader.is_alive()
    while reader.is_alive():  # let it go: whoever opens the other end ends the wait
        os.close(os.open(tmp_path / "bad" / name, os.O_RDWR | os.O_NONBLOCK))
        reader.join(0.1)
    assert not waits


def test_roots_that_exist(tmp_path: Path) -> None:
    for name in ("b/runc", "a/runc", "c/other"):
        (tmp_path / name).mkdir(parents=True)
    write(tmp_path / "d/runc", b"a file")
    found = state_roots([f"{tmp_path}/*/runc", f"{tmp_path}/none"])
    assert found == [tmp_path / "a/runc", tmp_path / "b/runc"]
