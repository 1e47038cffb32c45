/* ---
description: x
entity: origin
grain: day
inputs:
  busy: 7 days
--- */
SELECT origin, sum(m) AS n FROM busy GROUP BY origin
