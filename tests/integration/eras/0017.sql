INSERT INTO ops.file (sha256, archive_key, kind, source, product, origin, size_bytes, name, variables)
VALUES (repeat('e', 64), 'era5-land/ee', 'grid', 'era5-land', 'monthly-mean', 'real', 900, 'two.nc', ARRAY['precipitation_mm']);
