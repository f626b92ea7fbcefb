-- A null index without a gap code: a value was lost on its way. Run `drought compute` anew.
SELECT
    landscape_id,
    month,
    index_code
FROM mart.index_month
WHERE value IS NULL AND gap IS NULL;
