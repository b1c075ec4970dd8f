"""Desired state: what the files ask for, read strictly, with a place for every value and every problem.

    files -> strict -> overlay (expand) -> shape (schema) -> sets -> build (fields, actors) -> validate (rules) -> Desired
    load_layers (the files each on its own) -> explain       who said what, and who won
    text -> layout -> format -> text                         canonical form, comments kept; also a merged tree -> text
    names of a tenant -> tenant_schema -> JSON Schema         what an editor completes and checks
    targets.yaml -> targets -> Target                        Resolver: secrets, late and once

Effects: reads disk, environment variables.
"""

from reconciler.desired.load import load_desired, load_text
from reconciler.desired.secrets import Resolver
from reconciler.desired.targets import in_ci, load_target

__all__ = ["Resolver", "in_ci", "load_desired", "load_target", "load_text"]
