"""How schemathesis writes a body of a type that it does not know."""

import schemathesis


@schemathesis.serializer("application/toml", "text/csv")
def as_it_is(_context, value):
    """A text is sent as it is, whether or not it is TOML or CSV."""
    return value if isinstance(value, bytes) else str(value).encode()
