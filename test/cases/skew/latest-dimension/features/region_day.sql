/* ---
description: Sales of a region by the newest snapshot of the shops.
entity: region
grain: day
inputs: {sales: 1 day, shops: latest}
--- */
SELECT shops.region, count(*) AS n, sum(sales.amount) AS total FROM sales JOIN shops ON shops.shop = sales.shop GROUP BY shops.region
