-- Whoever needs more time than a session may rest says so, and is signed in until it ends in any case.
ALTER TABLE page_sessions ADD COLUMN stays boolean NOT NULL DEFAULT false;
