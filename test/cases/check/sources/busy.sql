/* ---
description: x
entity: origin
grain: day
inputs:
  planes: latest
  good: 1 day
--- */
SELECT origin FROM planes JOIN good USING (origin)
