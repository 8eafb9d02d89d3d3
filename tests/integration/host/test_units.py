"""systemd's own opinion of our units."""

import subprocess
from pathlib import Path

from host.processes import table
from host.units import render, write
from releases.settings import Settings
from tests.services import need


def test_systemd_analyze_accepts_every_unit(tmp_path: Path) -> None:
    analyze = need("systemd-analyze")
    units = render("paas", table(Settings(home=Path("/srv/paas"), redis_url=""), {"HOME": "/srv"}))
    # Docker's own unit is there only where Debian's package put it.
    docker = "[Service]\nExecStart=/bin/true\n"
    write(tmp_path, {**units, "docker.service": docker})
    for template in sorted(tmp_path.glob("*@.service")):
        template.with_name(template.name.replace("@", "@1")).symlink_to(template.name)
    names = [str(path) for path in sorted(tmp_path.iterdir()) if "@." not in path.name]
    done = subprocess.run(
        [analyze, "verify", *names],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:/lib/systemd/system", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
