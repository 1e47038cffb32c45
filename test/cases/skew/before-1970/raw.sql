-- put nano/dt=1969-12-31/a.parquet
SELECT * FROM (VALUES ('1969-12-31 00:00:00'::TIMESTAMP_NS, 'ann', 1::BIGINT), ('1969-12-31 23:59:59.999999999'::TIMESTAMP_NS, 'ann', 2::BIGINT)) AS t(happened, who, amount);
-- put nano/dt=1970-01-01/a.parquet
SELECT * FROM (VALUES ('1970-01-01 00:00:00'::TIMESTAMP_NS, 'ann', 4::BIGINT)) AS t(happened, who, amount);
-- put nano_landed/dt=1969-12-31/a.parquet
SELECT * FROM (VALUES ('1969-12-31 00:00:00'::TIMESTAMP_NS, 'ann', 1::BIGINT), ('1969-12-31 23:59:59.999999999'::TIMESTAMP_NS, 'ann', 2::BIGINT)) AS t(happened, who, amount);
-- put nano_landed/dt=1970-01-01/a.parquet
SELECT * FROM (VALUES ('1970-01-01 00:00:00'::TIMESTAMP_NS, 'ann', 4::BIGINT)) AS t(happened, who, amount);
