"""What institutions offer: one folder a product, found by name; a new product is a new folder and no edit elsewhere."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from skarb.desk import Product


@cache
def products() -> tuple[Product, ...]:
    """Return all products in the order of their codes."""
    found = (import_module(f"{__name__}.{module.name}").product for module in iter_modules(__path__) if module.ispkg)
    return tuple(sorted(found, key=lambda product: product.code))
