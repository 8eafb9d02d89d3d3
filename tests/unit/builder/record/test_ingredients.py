"""How what went into two builds is compared."""

from dataclasses import replace

from builder.record.ingredients import Ingredients, changed_ingredients, is_cleared
from releases.domain.build import Build
from tests.unit.builder.record.test_explain import BEFORE, NOW


def test_a_recipe_names_its_parts_and_shows_no_value() -> None:
    made_by = Ingredients("FROM x\n", {"VERSION": "3.12"}, {"TOKEN": "77aa01"}, caches=2)
    parts = dict(part.split(":") for part in made_by.recipe().split())
    assert list(parts) == ["argument.VERSION", "caches", "config.TOKEN", "dockerfile"]
    assert (parts["caches"], parts["config.TOKEN"]) == ("2", "77aa01")
    assert "3.12" not in made_by.recipe()


def test_what_is_new_gone_or_different_has_changed() -> None:
    before = replace(BEFORE, recipe=Ingredients("a", {"GONE": "1", "SAME": "1"}).recipe())
    now = replace(NOW, recipe=Ingredients("b", {"NEW": "1", "SAME": "1"}).recipe())
    assert changed_ingredients(before, now) == {"dockerfile", "argument.GONE", "argument.NEW"}


def test_nothing_to_compare_with_means_nothing_changed() -> None:
    assert changed_ingredients(None, NOW) == frozenset()
    assert changed_ingredients(replace(BEFORE, recipe=""), NOW) == frozenset()


def test_a_cache_is_cleared_until_a_build_was_made_after_it() -> None:
    def made(caches: int) -> Build:
        return replace(NOW, recipe=Ingredients("a", {}, caches=caches).recipe())

    assert not is_cleared(None, made(0))
    assert not is_cleared(replace(BEFORE, recipe=""), made(0))
    assert is_cleared(made(0), made(1))
    assert is_cleared(replace(BEFORE, recipe=""), made(1))
    assert is_cleared(None, made(1))
    assert not is_cleared(made(1), made(1))
