/* ---
description: A view with a problem of its own.
entity: origin
grain: day
inputs: {flights: 1 day}
--- */
SELECT origin, delya FROM flights
