/* ---
description: Orders of a product in a store.
entity: [store, product]
grain: day
inputs: {orders: 1 day}
--- */
SELECT product, store, sum(amount) AS total, count(*) AS n FROM orders GROUP BY store, product
