-- Postgres plans the query of an SQL function anew in each statement that calls it, which took longer than to run it. In
-- PL/pgSQL it is planned once for each connection.
create or replace function has_consent(of_student uuid, of_purpose text, at timestamptz) returns boolean
language plpgsql stable as $$
begin
    return coalesce(
        (select c.action <> 'withdrawn' and (c.expires_at is null or c.expires_at > at)
         from consents c where c.student_id = of_student and c.purpose = of_purpose
         order by c.recorded_at desc, c.consent_id desc limit 1),
        (select of_purpose = any (o.presumed_consents) from organisation o));
end
$$;
