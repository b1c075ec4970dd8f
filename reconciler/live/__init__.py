"""The tenant as it is now: read in as few calls as the API allows, and normalised into the shape desired has too.

Effects: GET-like reads through the Reader that is handed in; writes nothing.
"""

from reconciler.live.normalise import connection_attributes, connector_attributes
from reconciler.live.read import read_live

__all__ = ["connection_attributes", "connector_attributes", "read_live"]
