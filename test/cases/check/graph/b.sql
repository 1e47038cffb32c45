/* ---
description: x
entity: origin
grain: day
inputs:
  a: 7 days
--- */
SELECT origin, n FROM a
