-- Who needs a person, and why: at most one narrow row for each student and reason, kept in the transaction that changes what
-- it follows from. Reasons that come with time have their time written down ahead, so that a page asks one index alone.

create table attentions (
    student_id uuid not null references students on delete cascade,
    -- concern: an assistant raised one, and it is open. session: a call could not be analysed. misconception: one that is not
    -- overcome showed in three calls or more. short_calls: the last three calls or more lasted less than a minute each.
    -- reviews_overdue: three skills or more are over a week late. quiet: no call for two weeks, after four in four weeks.
    reason     text not null check (reason in
        ('concern', 'session', 'misconception', 'short_calls', 'reviews_overdue', 'quiet')),
    -- When it began or will begin to hold; null: it does not hold any more.
    since      timestamptz,
    -- The last time it was given anew: what was handled before that is open again.
    newest_at  timestamptz,
    -- It says nothing any more from then on, if nothing happens.
    until      timestamptz not null default 'infinity',
    -- How many concerns, sessions, calls, reviews.
    n          integer not null,
    -- Who said that it is seen to; the audit log keeps earlier times.
    handled_at timestamptz,
    handled_by text,
    open_since timestamptz generated always as
        (case when handled_at is null or handled_at < newest_at then since end) stored,
    primary key (student_id, reason)
);
create index attentions_open_idx on attentions (open_since, until, student_id, reason) where open_since is not null;
create index follow_ups_concern_idx on follow_ups (student_id, session_id) where kind = 'concern' and closed_at is null;
create index follow_ups_concern_session_idx on follow_ups (session_id) where kind = 'concern' and closed_at is null;
create index practices_open_idx on practices (student_id, due_at) where next_at is null;

create function attention_reasons(ids uuid[])
returns table (student_id uuid, reason text, since timestamptz, newest_at timestamptz, until timestamptz, n integer)
language sql stable as $$
    with last_calls as (
        select st.student_id, max(coalesce(s.started_at, s.created_at)) as at
        from students st join sessions s on s.student_id = st.student_id
        where st.student_id = any(ids) group by 1
    )
    select c.student_id, 'concern', min(c.created_at), max(c.created_at), 'infinity'::timestamptz, count(*)::integer
    from (
        select f.student_id, f.follow_up_id, f.created_at from follow_ups f
        where f.student_id = any(ids) and f.kind = 'concern' and f.closed_at is null
        union
        select s.student_id, f.follow_up_id, f.created_at from sessions s join follow_ups f on f.session_id = s.session_id
        where s.student_id = any(ids) and f.student_id is null and f.kind = 'concern' and f.closed_at is null
    ) c group by 1
    union all
    select s.student_id, 'session', min(s.created_at), max(s.created_at), 'infinity', count(*)::integer
    from sessions s where s.student_id = any(ids) and s.status = 'needs_attention' group by 1
    union all
    select m.student_id, 'misconception', min(m.first_seen_at), max(m.last_seen_at), 'infinity', max(m.n_seen)
    from misconceptions m where m.student_id = any(ids) and m.resolved_at is null and m.n_seen >= 3 group by 1
    union all
    select l.student_id, 'short_calls', min(r.at), max(r.at), max(r.at) + interval '30 days', count(*)::integer
    from last_calls l
    cross join lateral (
        select c.at, bool_and(c.is_short) over (order by c.at desc, c.session_id) as is_run
        from (
            select s.session_id, s.created_at as at, s.ended_at - s.started_at < interval '1 minute' as is_short
            from sessions s where s.student_id = l.student_id and s.ended_at is not null and s.started_at is not null
            order by s.created_at desc, s.session_id desc limit 10
        ) c
    ) r where r.is_run group by 1 having count(*) >= 3
    union all
    select l.student_id, 'reviews_overdue', d.third, d.third, l.at + interval '30 days', d.n
    from last_calls l
    cross join lateral (
        select (array_agg(p.due_at order by p.due_at))[3] + interval '7 days' as third, count(*)::integer as n
        from practices p join skills k on k.skill_id = p.skill_id and k.retired_at is null
        where p.student_id = l.student_id and p.next_at is null
    ) d where d.third < l.at + interval '30 days'
    union all
    select l.student_id, 'quiet', l.at + interval '14 days', l.at + interval '14 days', l.at + interval '90 days', count(*)::integer
    from last_calls l join sessions s on s.student_id = l.student_id
    where coalesce(s.started_at, s.created_at) > l.at - interval '28 days'
    group by 1, l.at having count(*) >= 4
$$;

create function refresh_attentions(ids uuid[]) returns void language sql as $$
    with holds as materialized (
        -- Not of those who are being erased.
        select r.* from attention_reasons(ids) r where r.student_id in (select student_id from students where student_id = any(ids))
    ), over as (
        update attentions a set since = null, newest_at = null
        where a.student_id = any(ids) and a.since is not null
          and not exists (select 1 from holds h where h.student_id = a.student_id and h.reason = a.reason)
    )
    insert into attentions as a (student_id, reason, since, newest_at, until, n)
    select h.* from holds h
    -- A row that says the same already is left alone, without a lock.
    where not exists (
        select 1 from attentions b where b.student_id = h.student_id and b.reason = h.reason
            and (b.since, b.newest_at, b.until, b.n) is not distinct from (h.since, h.newest_at, h.until, h.n))
    on conflict (student_id, reason) do update
        set since = excluded.since, newest_at = excluded.newest_at, until = excluded.until, n = excluded.n
$$;

-- By the database, so that no way of changing what it follows from forgets it.
create function attend_to_changed() returns trigger language plpgsql as $$
declare
    ids uuid[];
begin
    if tg_op = 'INSERT' then
        ids := (select array_agg(distinct student_id) from changed where student_id is not null);
    elsif tg_op = 'DELETE' then
        ids := (select array_agg(distinct student_id) from before where student_id is not null);
    else
        ids := (select array_agg(distinct student_id) from (
            (table changed except all table before) union all (table before except all table changed)) t
            where student_id is not null);
    end if;
    if ids is not null then
        perform refresh_attentions(ids);
    end if;
    return null;
end
$$;

-- A session changes often, and mostly in what nothing here follows from.
create function attend_to_sessions() returns trigger language plpgsql as $$
declare
    ids uuid[] := (
        select array_agg(distinct t.student_id)
        from changed c join before b on b.session_id = c.session_id
        cross join lateral (values (c.student_id), (b.student_id)) as t (student_id)
        where (c.student_id, c.status, c.started_at, c.ended_at, c.created_at)
            is distinct from (b.student_id, b.status, b.started_at, b.ended_at, b.created_at)
          and t.student_id is not null);
begin
    if ids is not null then
        perform refresh_attentions(ids);
    end if;
    return null;
end
$$;

create trigger sessions_insert_attend after insert on sessions
    referencing new table as changed for each statement execute function attend_to_changed();
create trigger sessions_update_attend after update on sessions
    referencing old table as before new table as changed for each statement execute function attend_to_sessions();
create trigger sessions_delete_attend after delete on sessions
    referencing old table as before for each statement execute function attend_to_changed();
create trigger practices_insert_attend after insert on practices
    referencing new table as changed for each statement execute function attend_to_changed();
create trigger practices_update_attend after update on practices
    referencing old table as before new table as changed for each statement execute function attend_to_changed();
create trigger practices_delete_attend after delete on practices
    referencing old table as before for each statement execute function attend_to_changed();
create trigger misconceptions_insert_attend after insert on misconceptions
    referencing new table as changed for each statement execute function attend_to_changed();
create trigger misconceptions_update_attend after update on misconceptions
    referencing old table as before new table as changed for each statement execute function attend_to_changed();
create trigger misconceptions_delete_attend after delete on misconceptions
    referencing old table as before for each statement execute function attend_to_changed();

-- One of a call belongs to whoever called.
create function attend_to_follow_ups() returns trigger language plpgsql as $$
declare
    ids uuid[] := (
        select array_agg(distinct coalesce(f.student_id, s.student_id))
        from changed f left join sessions s on s.session_id = f.session_id
        where f.kind = 'concern' and coalesce(f.student_id, s.student_id) is not null);
begin
    if ids is not null then
        perform refresh_attentions(ids);
    end if;
    return null;
end
$$;
create trigger follow_ups_insert_attend after insert on follow_ups
    referencing new table as changed for each statement execute function attend_to_follow_ups();
create trigger follow_ups_update_attend after update on follow_ups
    referencing new table as changed for each statement execute function attend_to_follow_ups();

-- What is there already.
select refresh_attentions(array_agg(student_id)) from students;
