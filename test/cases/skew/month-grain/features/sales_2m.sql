/* ---
description: Sales of 2 months.
entity: who
grain: month
zone: America/New_York
inputs: {sales: 2 months}
warm_up: compute
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM sales GROUP BY who
