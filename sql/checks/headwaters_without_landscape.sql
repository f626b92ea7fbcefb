-- [error] The headwater of a landscape is no landscape of ours, so nothing can be said of its water.
-- Do: load it as a landscape with that id, or load the landscape again with the right headwater_landscape_id (or none).
SELECT
    c.landscape_id,
    c.headwater_landscape_id
FROM landscape.current AS c
LEFT JOIN landscape.landscape AS headwater ON c.headwater_landscape_id = headwater.landscape_id
WHERE c.headwater_landscape_id IS NOT NULL AND (headwater.landscape_id IS NULL OR headwater.landscape_id = c.landscape_id)
ORDER BY c.landscape_id;
