/*
 * Placeholder.
 */

SELECT 1;
