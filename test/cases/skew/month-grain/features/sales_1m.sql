/* ---
description: Sales of 1 month.
entity: who
grain: month
zone: America/New_York
inputs: {sales: 1 month}
warm_up: compute
--- */
SELECT who, count(*) AS n, sum(amount) AS total FROM sales GROUP BY who
