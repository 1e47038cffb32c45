/* ---
description: What each visitor clicked on a day.
entity: visitor
grain: day
inputs: {clicks: 1 day}
--- */
SELECT visitor, count(*) AS clicks FROM clicks GROUP BY visitor
