/* ---
description: x
entity: origin
grain: day
inputs:
  good: 1 day
--- */
SELECT origin, zz FROM good
