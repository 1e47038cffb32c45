/* ---
description: Sales of 29 and of 30 days.
entity: who
grain: day
zone: America/New_York
inputs:
  w29: {from: sales, window: 29 days}
  w30: {from: sales, window: 30 days}
--- */
SELECT long.who, long.total AS total_30d, short.total AS total_29d
FROM (SELECT who, sum(amount) AS total FROM w30 GROUP BY who) AS long
LEFT JOIN (SELECT who, sum(amount) AS total FROM w29 GROUP BY who) AS short ON short.who = long.who
