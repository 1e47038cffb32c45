-- put micro/dt=2001-03-01/a.parquet
SELECT * FROM (VALUES ('2001-03-01 23:59:59.999999'::TIMESTAMP, 'ann', 1::BIGINT)) AS t(happened, who, amount);
-- put micro/dt=2001-03-02/a.parquet
SELECT * FROM (VALUES ('2001-03-02 00:00:00'::TIMESTAMP, 'ann', 2::BIGINT), ('2001-03-02 00:00:00.000001'::TIMESTAMP, 'ann', 4::BIGINT), ('2001-03-02 23:59:59.999999'::TIMESTAMP, 'ann', 8::BIGINT)) AS t(happened, who, amount);
-- put micro/dt=2001-03-03/a.parquet
SELECT * FROM (VALUES ('2001-03-03 00:00:00'::TIMESTAMP, 'ann', 16::BIGINT)) AS t(happened, who, amount);
-- put nano/dt=2001-03-01/a.parquet
SELECT * FROM (VALUES ('2001-03-01 23:59:59.999999999'::TIMESTAMP_NS, 'ann', 1::BIGINT)) AS t(happened, who, amount);
-- put nano/dt=2001-03-02/a.parquet
SELECT * FROM (VALUES ('2001-03-02 00:00:00'::TIMESTAMP_NS, 'ann', 2::BIGINT), ('2001-03-02 00:00:00.000000001'::TIMESTAMP_NS, 'ann', 4::BIGINT), ('2001-03-02 23:59:59.999999999'::TIMESTAMP_NS, 'ann', 8::BIGINT)) AS t(happened, who, amount);
-- put nano/dt=2001-03-03/a.parquet
SELECT * FROM (VALUES ('2001-03-03 00:00:00'::TIMESTAMP_NS, 'ann', 16::BIGINT)) AS t(happened, who, amount);
-- put nano_landed/dt=2001-03-01/a.parquet
SELECT * FROM (VALUES ('2001-03-01 23:59:59.999999999'::TIMESTAMP_NS, 'ann', 1::BIGINT)) AS t(happened, who, amount);
-- put nano_landed/dt=2001-03-02/a.parquet
SELECT * FROM (VALUES ('2001-03-02 00:00:00'::TIMESTAMP_NS, 'ann', 2::BIGINT), ('2001-03-02 00:00:00.000000001'::TIMESTAMP_NS, 'ann', 4::BIGINT), ('2001-03-02 23:59:59.999999999'::TIMESTAMP_NS, 'ann', 8::BIGINT)) AS t(happened, who, amount);
-- put nano_landed/dt=2001-03-03/a.parquet
SELECT * FROM (VALUES ('2001-03-03 00:00:00'::TIMESTAMP_NS, 'ann', 16::BIGINT)) AS t(happened, who, amount);
-- put nano_as_milli/dt=2001-03-01/a.parquet
SELECT * FROM (VALUES ('2001-03-01 23:59:59.999999999'::TIMESTAMP_NS, 'ann', 1::BIGINT)) AS t(happened, who, amount);
-- put nano_as_milli/dt=2001-03-02/a.parquet
SELECT * FROM (VALUES ('2001-03-02 00:00:00'::TIMESTAMP_NS, 'ann', 2::BIGINT), ('2001-03-02 00:00:00.000000001'::TIMESTAMP_NS, 'ann', 4::BIGINT), ('2001-03-02 23:59:59.999999999'::TIMESTAMP_NS, 'ann', 8::BIGINT)) AS t(happened, who, amount);
-- put nano_as_milli/dt=2001-03-03/a.parquet
SELECT * FROM (VALUES ('2001-03-03 00:00:00'::TIMESTAMP_NS, 'ann', 16::BIGINT)) AS t(happened, who, amount);
