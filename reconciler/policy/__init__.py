"""A target's policy: rules over a plan, written in CEL, kept where the target is, judged at plan and again at apply.

`rules` reads the file, `windows` tells which change windows are open, `document` makes what expressions see, `cel` evaluates them,
`judge` brings it together. Anything that cannot be judged is denied.

Effects: reads the policy file, and the time zones of the system.
Neighbours: called by `flow`.
"""

from reconciler.policy.document import Circumstances
from reconciler.policy.judge import judge
from reconciler.policy.rules import Policy, load_policy

__all__ = ["Circumstances", "Policy", "judge", "load_policy"]
