INSERT INTO alert.bulletin_note (month, scope, language, body, login, author, written_at)
VALUES ('2026-05-01', 'UZ', 'en', 'The snow is gone.', 'nazarov', 'B. Nazarov', '2026-07-01 06:00+00');
INSERT INTO alert.bulletin (month, scope, outgoing_number, outgoing_date, issued_by, office, login, legal_basis, accepts_unchecked, files, issued_at)
VALUES ('2026-05-01', 'UZ', '12/34', '2026-07-02', 'A. Karimova', 'Drought desk', 'karimova', 'Order No. 1', TRUE, '{"uz.en.html": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}', '2026-07-02 06:00+00');
