-- Cases that were due at the end of a sweep and that it could not look at, because somebody held them all the while.
ALTER TABLE job_runs ADD COLUMN passed_over integer NOT NULL DEFAULT 0 CHECK (passed_over >= 0);
