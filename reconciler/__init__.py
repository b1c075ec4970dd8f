"""Keep SuperOffice ERP connections as code: plan against the live tenant, test first, apply, prove, roll back.

The flow, which is also the order in which packages may import each other:

    desired/  load -> overlay -> validate --+
                                            +-> plan/  identity -> diff -> rules -> order -> guard -> Plan
    live/     read -> normalise ------------+                                                 |
                                                                                              v
    report/ <-- events <-- apply/  lease -> ensure, ensure, ... -> journal/, superoffice/

`model` holds the values that travel along the arrows, `errors` what can go wrong, `ports` the protocols at the rim.

Effects: none.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
