/* ---
description: [
--- */
SELECT 1
