"""What is signed for a phone so that it knows its holder's sign-up was taken."""

import re

# A manifest is signed by the same key and is JSON: neither brace nor quote may get in.
TOKEN = re.compile(r"[A-Za-z0-9+/=_.:-]{1,512}")
