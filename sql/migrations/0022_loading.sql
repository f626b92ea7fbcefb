/*
 * Loading: indices lie in the order of their months, and their key follows that order.
 *
 * A history is loaded month by month and grows by a month at a time. With the month first, new rows
 * go to the end of one index; with the landscape first they went all over two. A month is then one
 * stretch of the index and of the table, and the newest month is its end. The history of a landscape
 * is found by looking into each month for it (Postgres 18 skips from month to month by itself;
 * older servers are given an index for it).
 */

ALTER TABLE index.value_month
DROP CONSTRAINT value_month_pkey,
ADD CONSTRAINT value_month_pkey PRIMARY KEY (month, landscape_key, source, calibration),
-- The day as a floating-point number: extract() makes a numeric of it, dearer than all other rules.
DROP CONSTRAINT value_month_month_check,
ADD CONSTRAINT value_month_month_check CHECK (date_part('day', month) = 1);
DROP INDEX index.value_month_month_idx;

ALTER TABLE index.area_share
DROP CONSTRAINT area_share_pkey,
ADD CONSTRAINT area_share_pkey PRIMARY KEY (month, landscape_key, source, calibration),
DROP CONSTRAINT area_share_month_check,
ADD CONSTRAINT area_share_month_check CHECK (date_part('day', month) = 1);
DROP INDEX index.area_share_month_idx;

DO $$
BEGIN
    IF current_setting('server_version_num')::integer < 180000 THEN
        CREATE INDEX value_month_landscape_idx ON index.value_month (landscape_key, month);
        CREATE INDEX area_share_landscape_idx ON index.area_share (landscape_key, month);
    END IF;
END $$;
