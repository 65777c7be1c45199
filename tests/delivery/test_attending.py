"""What keeps a worker beside the server: it starts it anew, ever later, and never leaves it behind."""

import sys
import time
from pathlib import Path

import pytest

from app.delivery import attending


def program(folder: Path, words: str) -> list[str]:
    """Return a command that notes that it ran, then does something."""
    return [sys.executable, "-S", "-c", f"open({str(folder / 'ran')!r}, 'a').write('.')\n{words}"]


def times(folder: Path) -> int:
    """Count how often it ran."""
    ran = folder / "ran"
    return len(ran.read_text()) if ran.exists() else 0


def test_a_worker_that_dies_is_started_anew(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: "pytest.MonkeyPatch"
) -> None:
    monkeypatch.setattr(attending, "FIRST_PAUSE_SECONDS", 0.01)
    deadline = time.monotonic() + 20
    again = attending.attend(
        program(tmp_path, "raise SystemExit(3)"),
        lambda: times(tmp_path) >= 3 or time.monotonic() > deadline,
        lambda _seconds: time.sleep(0.01),
    )
    assert (again, times(tmp_path)) == (2, 3)
    said = capfd.readouterr().out
    assert '"status":3,"after_seconds":0.01' in said
    assert '"status":3,"after_seconds":0.02' in said


def test_a_worker_ends_with_the_server(tmp_path: Path) -> None:
    began = time.monotonic()
    words = "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(0))\ntime.sleep(60)"
    again = attending.attend(program(tmp_path, words), lambda: times(tmp_path) == 1, lambda _seconds: time.sleep(0.01))
    assert again == 0
    assert time.monotonic() - began < 20


def test_a_worker_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attending, "STOP_WITHIN_SECONDS", 0.1)
    words = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nopen({!r}, 'w').close()\ntime.sleep(60)"
    ready = tmp_path / "ready"
    again = attending.attend(
        program(tmp_path, words.format(str(ready))), ready.exists, lambda _seconds: time.sleep(0.01)
    )
    assert again == 0
