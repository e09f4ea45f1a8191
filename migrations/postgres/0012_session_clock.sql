-- By which games' sessions grow old. It is compared with the clock now and then and goes on by what has passed since, a day at
-- most: a clock that jumps ahead ends nobody's session. NULL: it has not begun.
ALTER TABLE instance ADD COLUMN session_time BIGINT;
-- what the clock said then
ALTER TABLE instance ADD COLUMN session_clock_seen BIGINT;
