"""The index is asked through functions that answer for one organisation; nobody may read it (0072).

They work with the rights of the tables' owner and compare the organisation that is asked for with
the scope of the session, as policies do. ``whose`` becomes a hash that PostgreSQL can make too, so
the index is emptied; the clerk fills it again.
"""

from django.db import migrations

_EMPTY = """
ALTER TABLE inspection_posting DISABLE TRIGGER USER;
TRUNCATE inspection_posting;
ALTER TABLE inspection_posting ENABLE TRIGGER USER;
"""

# Each is planned for its own values: a frequent term and a rare one want other ways.
_FUNCTIONS = """
CREATE FUNCTION inspection_whose(organisation text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    scope text := current_setting('rakkan.organisation', true);
BEGIN
    IF scope IS DISTINCT FROM 'system' AND scope IS DISTINCT FROM organisation THEN
        RETURN NULL;  -- which no row has
    END IF;
    RETURN ('x' || left(encode(sha256(convert_to(organisation, 'UTF8')), 'hex'), 16))
        ::bit(64)::bigint;
END $$;

CREATE FUNCTION inspection_indexed() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
RETURN (SELECT COALESCE(max(sequence) + 1, 0) FROM public.inspection_posting);

CREATE FUNCTION inspection_range(
    organisation text, wanted bigint[], since timestamptz, until timestamptz,
    first bigint, ending bigint
) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    mine bigint := public.inspection_whose(organisation);
BEGIN
    RETURN QUERY
        SELECT p.sequence FROM (
            SELECT * FROM public.inspection_posting q
            WHERE q.sequence >= first AND q.sequence < ending OFFSET 0
        ) p
        WHERE p.whose = mine AND p.terms @> wanted
          AND p.occurred_at >= since AND p.occurred_at < until
        ORDER BY p.sequence;
END $$;

CREATE FUNCTION inspection_walk(
    organisation text, wanted bigint[], since timestamptz, until timestamptz,
    moment timestamptz, number bigint, ascending boolean, near integer, most integer
) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    mine bigint := public.inspection_whose(organisation);
BEGIN
    IF ascending THEN
        RETURN QUERY SELECT w.sequence FROM (
            SELECT p.sequence, p.terms FROM public.inspection_posting p
            WHERE p.whose = mine AND p.occurred_at >= since AND p.occurred_at < until
              AND (p.occurred_at, p.sequence) > (moment, number)
            ORDER BY p.occurred_at, p.sequence LIMIT near
        ) w WHERE w.terms @> wanted LIMIT most;
    ELSE
        RETURN QUERY SELECT w.sequence FROM (
            SELECT p.sequence, p.terms FROM public.inspection_posting p
            WHERE p.whose = mine AND p.occurred_at >= since AND p.occurred_at < until
              AND (p.occurred_at, p.sequence) < (moment, number)
            ORDER BY p.occurred_at DESC, p.sequence DESC LIMIT near
        ) w WHERE w.terms @> wanted LIMIT most;
    END IF;
END $$;

CREATE FUNCTION inspection_look_up(
    organisation text, wanted bigint[], since timestamptz, until timestamptz,
    moment timestamptz, number bigint, ascending boolean, most integer
) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    mine bigint := public.inspection_whose(organisation);
BEGIN
    RETURN QUERY
        SELECT f.sequence FROM (
            SELECT * FROM public.inspection_posting p WHERE p.terms @> wanted OFFSET 0
        ) f
        WHERE f.whose = mine AND f.occurred_at >= since AND f.occurred_at < until
          AND CASE WHEN ascending THEN (f.occurred_at, f.sequence) > (moment, number)
              ELSE (f.occurred_at, f.sequence) < (moment, number) END
        ORDER BY
            CASE WHEN ascending THEN f.occurred_at END, CASE WHEN ascending THEN f.sequence END,
            f.occurred_at DESC, f.sequence DESC
        LIMIT most;
END $$;

REVOKE ALL ON FUNCTION inspection_whose(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION inspection_indexed() FROM PUBLIC;
REVOKE ALL ON FUNCTION inspection_range(
    text, bigint[], timestamptz, timestamptz, bigint, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION inspection_walk(
    text, bigint[], timestamptz, timestamptz, timestamptz, bigint, boolean, integer, integer)
    FROM PUBLIC;
REVOKE ALL ON FUNCTION inspection_look_up(
    text, bigint[], timestamptz, timestamptz, timestamptz, bigint, boolean, integer) FROM PUBLIC;
"""
_GONE = """
DROP FUNCTION inspection_look_up(
    text, bigint[], timestamptz, timestamptz, timestamptz, bigint, boolean, integer);
DROP FUNCTION inspection_walk(
    text, bigint[], timestamptz, timestamptz, timestamptz, bigint, boolean, integer, integer);
DROP FUNCTION inspection_range(text, bigint[], timestamptz, timestamptz, bigint, bigint);
DROP FUNCTION inspection_indexed();
DROP FUNCTION inspection_whose(text);
"""


class Migration(migrations.Migration):
    dependencies = [("inspection", "0001_initial")]

    operations = [migrations.RunSQL(_EMPTY, _EMPTY), migrations.RunSQL(_FUNCTIONS, _GONE)]
