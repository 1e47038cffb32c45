"""Prints as JSON what the snippets of a page, given on stdin, read as `week`: times in milliseconds, decimals as text."""
import json
import sys
from datetime import datetime, timedelta
from decimal import Decimal


def plain(value):
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    return str(value) if isinstance(value, Decimal) else value


names = {}
exec(sys.stdin.read(), names)
rows = names['week'].orderBy('dt', 'customer').collect()
print(json.dumps([{name: plain(value) for name, value in row.asDict().items()} for row in rows]))
names['spark'].stop()
