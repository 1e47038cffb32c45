/* ---
description: x
entity: origin
grain: day
inputs:
  flight: 7 days
--- */
SELECT origin FROM flight
