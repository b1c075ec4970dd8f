"""The door of the emulator: which host answers, who may come in, how fast, and in which state the tenant is.

It knows the two ways SuperOffice is reached: onsite (a login name and a password) and Online (a tenant that is found by its
state, lets a registered application in and may move to another host).

Effects: none of its own; it asks the emulator for more ports when the tenant has another host.
"""

from reconciler.emulator.door.online import Online
from reconciler.emulator.door.switches import DoorSwitches

__all__ = ["DoorSwitches", "Online"]
