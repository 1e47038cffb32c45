/* ---
description: x
entity: origin
grain: day
inputs:
  header: 7 days
--- */
SELECT origin, zz FROM header
