"""Every real client, every operation: the interop table."""

from collections.abc import Callable
from pathlib import Path

import pytest

from releases.settings import PROJECT
from tests.integration.gitreceive.front_door import Door, succeed
from tests.integration.gitreceive.interop.bench import Bench
from tests.integration.gitreceive.interop.clients import CLIENTS
from tests.integration.gitreceive.interop.operations import OPERATIONS
from tests.integration.gitreceive.interop.table import cells, render

pytestmark = pytest.mark.integration
CELLS = cells(list(OPERATIONS), list(CLIENTS))


@pytest.mark.parametrize(("operation", "client"), CELLS)
def test_the_operation_works_by_the_client(
    interop_door: Door,
    copy_of_template: Path,
    operation: str,
    client: str,
    record_property: Callable[[str, object], None],
) -> None:
    record_property("interop", (operation, client))
    interop_door.builder.script = succeed
    made = CLIENTS[client](interop_door)
    bench = Bench(interop_door, made, copy_of_template.name, copy_of_template)
    try:
        OPERATIONS[operation](bench)
    finally:
        made.close()


def test_the_documented_table_is_the_one_that_is_tested() -> None:
    documented = (PROJECT / "docs" / "interop.md").read_text()
    assert render(dict.fromkeys(CELLS, "ok"), "github") in documented
