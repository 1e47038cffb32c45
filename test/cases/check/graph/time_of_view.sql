/* ---
description: x
entity: origin
grain: day
inputs:
  fine: 7 days
--- */
SELECT origin, max(feature_time) AS seen, max(zz) AS z FROM fine GROUP BY origin
