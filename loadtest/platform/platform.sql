-- The tables of the platform that the cache stands in front of, with made-up rows: for tests, for
-- trying things out and for the load test. Run it in an empty database:
--
--   scripts/scratch-postgres DIR loadtest/platform/platform.sql
--
-- The same rows every time; nobody in them is real.

BEGIN;

-- Challenges that people practise.
CREATE TABLE approach_challenges (
  challenge_id bigint PRIMARY KEY,
  title text NOT NULL,
  description text NOT NULL,
  difficulty text NOT NULL CHECK (difficulty IN ('easy', 'medium', 'hard')),
  points integer NOT NULL CHECK (points > 0),
  tags jsonb NOT NULL DEFAULT '[]',
  is_active boolean NOT NULL DEFAULT true,
  success_rate numeric(5, 4),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

INSERT INTO approach_challenges
SELECT
  n,
  (ARRAY['Say hello to', 'Ask directions from', 'Compliment', 'Start a chat with',
    'Share a smile with'])[1 + n % 5] || ' '
    || (ARRAY['a stranger', 'somebody in a queue', 'a barista', 'a dog owner'])[1 + n % 4]
    || ', no. ' || n,
  'Step ' || n || ': pick a moment, breathe, speak first. "Nice to meet you" will do.',
  (ARRAY['easy', 'medium', 'hard'])[1 + n % 3],
  10 + n % 90,
  jsonb_build_array('practice', (ARRAY['street', 'cafe', 'park'])[1 + n % 3]),
  n % 50 <> 0,
  CASE WHEN n % 7 = 0 THEN NULL ELSE round((n % 100) / 100.0, 4) END,
  timestamptz '2026-01-01 08:00:00+00' + n * interval '7 minutes',
  timestamptz '2026-06-01 08:00:00+00' + n * interval '3 minutes'
FROM generate_series(1, 2000) AS n;

-- Pairs of people who go out together, and what they thought of each other.
CREATE TABLE wingman_matches (
  match_id bigint PRIMARY KEY,
  user1_id bigint NOT NULL,
  user2_id bigint NOT NULL CHECK (user1_id <> user2_id),
  status text NOT NULL CHECK (status IN ('pending', 'accepted', 'declined', 'completed')),
  user1_rating smallint CHECK (user1_rating BETWEEN 1 AND 5),
  user2_rating smallint CHECK (user2_rating BETWEEN 1 AND 5),
  created_at timestamptz NOT NULL
);

INSERT INTO wingman_matches
SELECT
  n,
  1 + (n * 7919) % 3000,
  1 + ((n * 7919) % 3000 + 1 + (n * 104729) % 2998) % 3000,
  (ARRAY['pending', 'accepted', 'declined', 'completed', 'completed'])[1 + n % 5],
  CASE WHEN n % 5 >= 3 THEN 1 + (n * 31) % 5 END,
  CASE WHEN n % 5 >= 3 AND n % 4 <> 0 THEN 1 + (n * 17) % 5 END,
  timestamptz '2026-03-01 12:00:00+00' + n * interval '11 minutes'
FROM generate_series(1, 6000) AS n;

CREATE INDEX wingman_matches_user1 ON wingman_matches (user1_id);
CREATE INDEX wingman_matches_user2 ON wingman_matches (user2_id);

-- Where people are, roughly: around the middle of a large town.
CREATE TABLE user_locations (
  user_id bigint PRIMARY KEY,
  latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
  longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
  city text NOT NULL,
  max_travel_distance integer NOT NULL DEFAULT 20,
  privacy_mode text NOT NULL DEFAULT 'city' CHECK (privacy_mode IN ('precise', 'city', 'hidden')),
  updated_at timestamptz NOT NULL
);

INSERT INTO user_locations
SELECT
  n,
  round((52.52 + ((n * 7907) % 2000 - 1000) / 4000.0)::numeric, 5)::double precision,
  round((13.40 + ((n * 6101) % 2000 - 1000) / 2500.0)::numeric, 5)::double precision,
  (ARRAY['Berlin', 'Potsdam', 'Bernau'])[1 + n % 3],
  5 + n % 40,
  (ARRAY['precise', 'city', 'city', 'hidden'])[1 + n % 4],
  timestamptz '2026-07-01 09:00:00+00' + n * interval '1 minute'
FROM generate_series(1, 3000) AS n;

CREATE INDEX user_locations_place ON user_locations (latitude, longitude);

-- What people's confidence tests said.
CREATE TABLE confidence_test_results (
  result_id bigint PRIMARY KEY,
  user_id bigint NOT NULL,
  score numeric(5, 2) NOT NULL CHECK (score BETWEEN 0 AND 100),
  level text NOT NULL,
  answers jsonb NOT NULL,
  taken_at timestamptz NOT NULL
);

INSERT INTO confidence_test_results
SELECT
  n,
  1 + (n * 4733) % 3000,
  round(((n * 37) % 10000) / 100.0, 2),
  (ARRAY['beginner', 'growing', 'steady', 'bold'])[1 + n % 4],
  jsonb_build_object('q1', n % 5, 'q2', (n * 3) % 5, 'note', NULL),
  timestamptz '2026-05-01 18:30:00+00' + n * interval '5 minutes'
FROM generate_series(1, 4000) AS n;

CREATE INDEX confidence_test_results_user ON confidence_test_results (user_id, taken_at DESC);

-- Kilometres between two places on a sphere.
CREATE FUNCTION distance_km(
  lat1 double precision, lon1 double precision, lat2 double precision, lon2 double precision
) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 12742 * asin(least(1, sqrt(
    sin(radians(lat2 - lat1) / 2) ^ 2
    + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ^ 2)))
$$;

COMMIT;

ANALYZE approach_challenges, wingman_matches, user_locations, confidence_test_results;
