"""What an e-mail address looks like."""

import re

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
"""An address as every mail server takes it (RFC 5321, 4.1.2): ASCII, one @, nothing that could end a line."""
