"""Events move into a partition a month, and a trigger queues those that wait for a number.

Rows that are there are kept. The partitions lie beside the table, but nobody has a right on them:
they are read and written through ``audit_event`` alone, where its policy, its rights and its
triggers hold. Row security is forced on each without any policy, so that even who owns them reads
nothing past the table. Row triggers come down from the table; those of statements do not, so the
function that makes a month copies them.
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

_REPARTITION = """
ALTER TABLE audit_event RENAME TO audit_event_unparted;
ALTER TABLE audit_event_unparted RENAME CONSTRAINT audit_event_pkey TO audit_event_unparted_pkey;
DROP INDEX IF EXISTS audit_event_object__ee530c_idx;
DROP INDEX IF EXISTS audit_event_organis_cb9f8b_idx;
CREATE TABLE audit_event (LIKE audit_event_unparted INCLUDING DEFAULTS)
    PARTITION BY RANGE (occurred_at);
ALTER TABLE audit_event ADD CONSTRAINT audit_event_pkey PRIMARY KEY (id, occurred_at);
-- The bundles of the log hold no longer entry (C2SP tlog-tiles): refused now, not when numbered.
ALTER TABLE audit_event ADD CONSTRAINT event_fits_the_log
    CHECK (octet_length(canonical) <= 65535);
CREATE INDEX audit_event_object__ee530c_idx ON audit_event (object_id, occurred_at);
CREATE INDEX audit_event_organis_cb9f8b_idx ON audit_event (organisation_id, occurred_at);
"""

_MONTHS = """
CREATE FUNCTION audit_partition_wall(child regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found record;
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', child);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', child);
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', child);
    FOR found IN
        SELECT tgname, tgfoid::regproc AS function, pg_get_triggerdef(oid) AS definition
        FROM pg_trigger
        WHERE tgrelid = 'public.audit_event'::regclass AND NOT tgisinternal AND tgtype & 1 = 0
    LOOP
        IF NOT EXISTS (
            SELECT 1 FROM pg_trigger WHERE tgrelid = child AND tgname = found.tgname
        ) THEN
            EXECUTE replace(found.definition, ' ON public.audit_event ', format(' ON %s ', child));
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION audit_month_make(moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    beginning timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
    ending timestamp := beginning + interval '1 month';
    child text := 'audit_event_' || to_char(beginning, 'YYYY_MM');
BEGIN
    IF to_regclass('public.' || child) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'CREATE TABLE public.%I PARTITION OF public.audit_event FOR VALUES FROM (%L) TO (%L)',
        child, beginning AT TIME ZONE 'UTC', ending AT TIME ZONE 'UTC'
    );
    PERFORM public.audit_partition_wall(('public.' || child)::regclass);
    RETURN true;
END $$;

CREATE FUNCTION audit_months_make(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '3s' AS $$
DECLARE
    made integer := 0;
BEGIN
    IF ahead NOT BETWEEN 0 AND 60 THEN
        RAISE EXCEPTION 'months ahead: 0 to 60';
    END IF;
    FOR step IN 0..ahead LOOP
        IF public.audit_month_make(
            (date_trunc('month', now() AT TIME ZONE 'UTC') + step * interval '1 month')
            AT TIME ZONE 'UTC'
        ) THEN
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;

REVOKE ALL ON FUNCTION audit_partition_wall(regclass) FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_month_make(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_months_make(integer) FROM PUBLIC;
"""

# The queue is filled by the owner of the tables, whoever writes the event, so that nobody else
# needs the right to; and with the system's sight, so that the id of an event of another
# organisation counts as taken too (the key of a partitioned table is of id and time).
_QUEUE = """
CREATE FUNCTION audit_event_waits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sight text := current_setting('rakkan.organisation', true);
    numbered boolean;
BEGIN
    INSERT INTO public.audit_waiting (event_id, occurred_at, written)
        VALUES (NEW.id, NEW.occurred_at, NEW.written);
    PERFORM set_config('rakkan.organisation', 'system', true);
    numbered := EXISTS (SELECT 1 FROM public.audit_leaf WHERE event_id = NEW.id);
    PERFORM set_config('rakkan.organisation', sight, true);
    IF numbered THEN
        RAISE EXCEPTION 'append-only: there is an event % already', NEW.id
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit_event_waits() FROM PUBLIC;
CREATE TRIGGER event_waits AFTER INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_waits();
"""

_MOVE = """
DO $$
DECLARE
    month timestamptz;
BEGIN
    FOR month IN
        SELECT DISTINCT date_trunc('month', occurred_at, 'UTC') FROM audit_event_unparted
    LOOP
        PERFORM audit_month_make(month);
    END LOOP;
END $$;
SELECT audit_months_make(12);
-- What belongs to no month: an act never fails because nobody made a partition in time.
CREATE TABLE audit_event_other PARTITION OF audit_event DEFAULT;
SELECT audit_partition_wall('audit_event_other'::regclass);
INSERT INTO audit_event SELECT * FROM audit_event_unparted;
ALTER SEQUENCE audit_event_written OWNED BY audit_event.written;
DROP TABLE audit_event_unparted CASCADE;

ALTER TABLE audit_leaf DISABLE TRIGGER USER;
UPDATE audit_leaf l SET occurred_at = e.occurred_at FROM audit_event e WHERE e.id = l.event_id;
ALTER TABLE audit_leaf ENABLE TRIGGER USER;
ALTER TABLE audit_leaf ADD CONSTRAINT leaf_is_of_an_event
    FOREIGN KEY (event_id, occurred_at) REFERENCES audit_event (id, occurred_at);
INSERT INTO audit_waiting (event_id, occurred_at, written)
    SELECT e.id, e.occurred_at, e.written FROM audit_event e
    WHERE NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.event_id = e.id);

-- Emptied all the time: without this its dead rows wait for a fifth of a table that is always small.
ALTER TABLE audit_waiting SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
"""

_REFUSE = "RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';"


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_publishing")]

    operations = [
        pgtrigger.migrations.RemoveTrigger(model_name="event", name="event_no_change"),
        pgtrigger.migrations.RemoveTrigger(model_name="event", name="event_no_truncate"),
        # Unique it cannot be in a table of partitions; a sequence gives it, which never repeats.
        migrations.AlterField(
            model_name="event",
            name="written",
            field=models.BigIntegerField(
                db_default=models.Func(models.Value("audit_event_written"), function="nextval"),
                editable=False,
            ),
        ),
        migrations.RunSQL(_REPARTITION),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="event_no_change",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func=_REFUSE,
                    hash="df818106bc09771290d240e38b97ce8982e09025",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_event_no_change_c3b95",
                    table="audit_event",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="event_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func=_REFUSE,
                    hash="b1293880f12a9d1fdb42677e82fe7d7da7536870",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_event_no_truncate_bbca9",
                    table="audit_event",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(_MONTHS + _MOVE + _QUEUE),
    ]
