/* ---
description: x
entitty: origin
--- */
SELECT 1
