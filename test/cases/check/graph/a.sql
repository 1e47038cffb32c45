/* ---
description: x
entity: origin
grain: day
inputs:
  b: 7 days
--- */
SELECT origin, n FROM b
