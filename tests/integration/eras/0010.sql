UPDATE ops.source_schedule SET preliminary_after_days = 9, reference = 'Order 7' WHERE source = 'era5-land';
