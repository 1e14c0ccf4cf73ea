-- How sessions went, counted: one narrow row for each session, kept in the transaction that changes it, and sums of those
-- rows for each day of each time zone somebody looks from.

-- What analytics add up of one session. Derived in whole from sessions, analyses and model_calls by the triggers below.
create table session_facts (
    session_id   uuid primary key references sessions on delete cascade,
    student_id   uuid,
    created_at   timestamptz not null,
    -- The assistant and its version, as people tell them apart; empty: nobody said.
    assistant    text not null,
    ended_reason text not null,
    -- Numbers to be added up, units last. What a session is or is not, is 1 or 0.
    n_sessions integer not null, n_over integer not null, n_dropped integer not null, length_ms bigint not null,
    words_tutor bigint not null, words_student bigint not null, n_low integer not null, n_medium integer not null,
    n_high integer not null, n_analyzed integer not null, n_attention integer not null, n_latency integer not null,
    latency_ms bigint not null, n_in_10_s integer not null, n_in_1_min integer not null, n_in_10_min integer not null,
    n_in_1_h integer not null, n_analyses integer not null, analysis_ms bigint not null,
    n_model_cost integer not null, model_cost_microusd bigint not null, n_call_cost integer not null,
    call_cost_microusd bigint not null, n_tutored integer not null, n_errors integer not null,
    n_told_at_once integer not null, n_questions integer not null, n_hurried integer not null,
    n_process_praise integer not null, n_person_praise integer not null, n_checks integer not null,
    n_scored integer not null, score double precision not null, score_squared double precision not null
);
create index session_facts_created_at_idx on session_facts (created_at);
create index session_facts_student_id_idx on session_facts (student_id, created_at);
create index session_facts_assistant_idx on session_facts (assistant);

-- What a session was about: subjects, skills, and beliefs that were wrong.
create table session_labels (
    session_id uuid not null references session_facts on delete cascade,
    kind       text not null check (kind in ('subject', 'skill', 'belief')),
    label      text not null,
    primary key (session_id, kind, label)
);
create index session_labels_label_idx on session_labels (kind, label, session_id);

-- Each time a student practised a skill: what the learner model made of it. Written with `mastery`, by the same fold.
create table practices (
    student_id   uuid not null references students on delete cascade,
    skill_id     text not null references skills,
    -- From 0, in the order of time.
    practice_no  integer not null,
    -- Null: outside a call.
    session_id   uuid references sessions on delete cascade,
    practised_at timestamptz not null,
    -- P(knows) after it, less P(knows) right before it.
    gain         double precision not null,
    -- When the next practice is due after this one, and when it took place, if it did.
    due_at       timestamptz not null,
    next_at      timestamptz,
    primary key (student_id, skill_id, practice_no)
);
create index practices_session_id_idx on practices (session_id);
create index practices_due_at_idx on practices (due_at);

-- Time zones somebody looks from.
create table analytics_zones (
    zone       text primary key,
    -- Whether session_days holds its days, but for those that wait in days_to_recount.
    is_counted boolean not null default false,
    asked_at   timestamptz not null
);

-- Days whose sums may be old: those that hold `at`, in one zone or in all. Appended and never changed, so that nobody
-- waits for another. Until a worker has counted anew, pages count such days from session_facts.
create table days_to_recount (
    mark_id bigint generated always as identity primary key,
    at      timestamptz not null,
    zone    text
);
create index days_to_recount_at_idx on days_to_recount (at);

-- Sums of cut_facts by day. A day without rows had nothing.
create table session_days (
    zone      text not null references analytics_zones on delete cascade,
    cut       text not null,
    day       date not null,
    label     text not null,
    -- -1: nobody has said.
    grade     smallint not null,
    assistant text not null,
    n_sessions bigint not null, n_over bigint not null, n_dropped bigint not null, length_ms bigint not null,
    words_tutor bigint not null, words_student bigint not null, n_low bigint not null, n_medium bigint not null,
    n_high bigint not null, n_analyzed bigint not null, n_attention bigint not null, n_latency bigint not null,
    latency_ms bigint not null, n_in_10_s bigint not null, n_in_1_min bigint not null, n_in_10_min bigint not null,
    n_in_1_h bigint not null, n_analyses bigint not null, analysis_ms bigint not null, n_model_cost bigint not null,
    model_cost_microusd bigint not null, n_call_cost bigint not null, call_cost_microusd bigint not null,
    n_tutored bigint not null, n_errors bigint not null, n_told_at_once bigint not null, n_questions bigint not null,
    n_hurried bigint not null, n_process_praise bigint not null, n_person_praise bigint not null,
    n_checks bigint not null, n_scored bigint not null, score double precision not null,
    score_squared double precision not null, gain double precision not null, n_due bigint not null,
    n_kept bigint not null,
    primary key (zone, cut, day, label, grade, assistant)
);
create index session_days_label_idx on session_days (zone, cut, label, day);

-- Every session, once for each way to cut the whole: 'all'; by 'cohort' and 'reason' (why the call ended), once each; by
-- 'subject', 'skill' and 'belief', once for each it had. What was learnt stands at the session's time, reviews stand at
-- the time they came due. A student's cohort and grade are those of today.
create view cut_facts as
    select f.created_at as at, f.session_id, coalesce(st.cohort, '') as cohort, coalesce(st.grade, -1::smallint) as grade,
        f.assistant, c.cut, c.label,
        f.n_sessions as n_sessions, f.n_over as n_over, f.n_dropped as n_dropped, f.length_ms as length_ms,
        f.words_tutor as words_tutor, f.words_student as words_student, f.n_low as n_low, f.n_medium as n_medium,
        f.n_high as n_high, f.n_analyzed as n_analyzed, f.n_attention as n_attention, f.n_latency as n_latency,
        f.latency_ms as latency_ms, f.n_in_10_s as n_in_10_s, f.n_in_1_min as n_in_1_min,
        f.n_in_10_min as n_in_10_min, f.n_in_1_h as n_in_1_h, f.n_analyses as n_analyses,
        f.analysis_ms as analysis_ms, f.n_model_cost as n_model_cost, f.model_cost_microusd as model_cost_microusd,
        f.n_call_cost as n_call_cost, f.call_cost_microusd as call_cost_microusd, f.n_tutored as n_tutored,
        f.n_errors as n_errors, f.n_told_at_once as n_told_at_once, f.n_questions as n_questions,
        f.n_hurried as n_hurried, f.n_process_praise as n_process_praise, f.n_person_praise as n_person_praise,
        f.n_checks as n_checks, f.n_scored as n_scored, f.score as score, f.score_squared as score_squared, 0::double precision as gain,
        0 as n_due, 0 as n_kept
    from session_facts f left join students st on st.student_id = f.student_id
    cross join lateral (values ('all', ''), ('cohort', coalesce(st.cohort, '')), ('reason', f.ended_reason)) as c (cut, label)
    union all
    select f.created_at, f.session_id, coalesce(st.cohort, ''), coalesce(st.grade, -1::smallint), f.assistant, l.kind, l.label,
        f.n_sessions as n_sessions, f.n_over as n_over, f.n_dropped as n_dropped, f.length_ms as length_ms,
        f.words_tutor as words_tutor, f.words_student as words_student, f.n_low as n_low, f.n_medium as n_medium,
        f.n_high as n_high, f.n_analyzed as n_analyzed, f.n_attention as n_attention, f.n_latency as n_latency,
        f.latency_ms as latency_ms, f.n_in_10_s as n_in_10_s, f.n_in_1_min as n_in_1_min,
        f.n_in_10_min as n_in_10_min, f.n_in_1_h as n_in_1_h, f.n_analyses as n_analyses,
        f.analysis_ms as analysis_ms, f.n_model_cost as n_model_cost, f.model_cost_microusd as model_cost_microusd,
        f.n_call_cost as n_call_cost, f.call_cost_microusd as call_cost_microusd, f.n_tutored as n_tutored,
        f.n_errors as n_errors, f.n_told_at_once as n_told_at_once, f.n_questions as n_questions,
        f.n_hurried as n_hurried, f.n_process_praise as n_process_praise, f.n_person_praise as n_person_praise,
        f.n_checks as n_checks, f.n_scored as n_scored, f.score as score, f.score_squared as score_squared, 0 as gain,
        0 as n_due, 0 as n_kept
    from session_labels l join session_facts f on f.session_id = l.session_id
    left join students st on st.student_id = f.student_id
    union all
    select f.created_at, f.session_id, coalesce(st.cohort, ''), coalesce(st.grade, -1::smallint), f.assistant, c.cut, c.label,
        0 as n_sessions, 0 as n_over, 0 as n_dropped, 0 as length_ms, 0 as words_tutor, 0 as words_student,
        0 as n_low, 0 as n_medium, 0 as n_high, 0 as n_analyzed, 0 as n_attention, 0 as n_latency, 0 as latency_ms,
        0 as n_in_10_s, 0 as n_in_1_min, 0 as n_in_10_min, 0 as n_in_1_h, 0 as n_analyses, 0 as analysis_ms,
        0 as n_model_cost, 0 as model_cost_microusd, 0 as n_call_cost, 0 as call_cost_microusd, 0 as n_tutored,
        0 as n_errors, 0 as n_told_at_once, 0 as n_questions, 0 as n_hurried, 0 as n_process_praise,
        0 as n_person_praise, 0 as n_checks, 0 as n_scored, 0 as score, 0 as score_squared, p.gain as gain,
        0 as n_due, 0 as n_kept
    from practices p join session_facts f on f.session_id = p.session_id
    join skills k on k.skill_id = p.skill_id
    left join students st on st.student_id = f.student_id
    cross join lateral (values ('all', ''), ('cohort', coalesce(st.cohort, '')), ('reason', f.ended_reason),
        ('subject', k.subject_id), ('skill', p.skill_id)) as c (cut, label)
    union all
    select p.due_at, p.session_id, coalesce(st.cohort, ''), coalesce(st.grade, -1::smallint), coalesce(f.assistant, ''), c.cut,
        c.label,
        0 as n_sessions, 0 as n_over, 0 as n_dropped, 0 as length_ms, 0 as words_tutor, 0 as words_student,
        0 as n_low, 0 as n_medium, 0 as n_high, 0 as n_analyzed, 0 as n_attention, 0 as n_latency, 0 as latency_ms,
        0 as n_in_10_s, 0 as n_in_1_min, 0 as n_in_10_min, 0 as n_in_1_h, 0 as n_analyses, 0 as analysis_ms,
        0 as n_model_cost, 0 as model_cost_microusd, 0 as n_call_cost, 0 as call_cost_microusd, 0 as n_tutored,
        0 as n_errors, 0 as n_told_at_once, 0 as n_questions, 0 as n_hurried, 0 as n_process_praise,
        0 as n_person_praise, 0 as n_checks, 0 as n_scored, 0 as score, 0 as score_squared, 0 as gain, 1 as n_due,
        (p.next_at is not null and p.next_at <= p.due_at + interval '7 days')::int as n_kept
    from practices p join students st on st.student_id = p.student_id
    join skills k on k.skill_id = p.skill_id
    left join session_facts f on f.session_id = p.session_id
    cross join lateral (values ('all', ''), ('cohort', coalesce(st.cohort, '')), ('subject', k.subject_id),
        ('skill', p.skill_id)) as c (cut, label)
    -- Practised before it was due, it never came due.
    where p.next_at is null or p.next_at >= p.due_at;

create function mark_days(times timestamptz[]) returns void language sql as $$
    insert into days_to_recount (at)
    -- Midnight is on a quarter of an hour everywhere.
    select distinct date_bin('15 minutes', at, timestamptz '2000-01-01 00:00+00') from unnest(times) as at where at is not null
$$;

create function refresh_session_facts(ids uuid[]) returns void language sql as $$
    insert into session_facts as f (session_id, student_id, created_at, assistant, ended_reason,
        n_sessions, n_over, n_dropped, length_ms, words_tutor, words_student, n_low, n_medium, n_high, n_analyzed,
        n_attention, n_latency, latency_ms, n_in_10_s, n_in_1_min, n_in_10_min, n_in_1_h, n_analyses, analysis_ms,
        n_model_cost, model_cost_microusd, n_call_cost, call_cost_microusd, n_tutored, n_errors, n_told_at_once,
        n_questions, n_hurried, n_process_praise, n_person_praise, n_checks, n_scored, score, score_squared)
    select s.session_id, s.student_id, s.created_at,
        concat_ws(', ', coalesce(s.assistant_name, s.assistant_id), s.assistant_version), coalesce(s.ended_reason, ''),
        -- The call.
        1, t.is_over::int, (t.is_over and s.ended_at - s.started_at < interval '1 minute')::int,
        case when t.is_over then greatest(extract(epoch from s.ended_at - s.started_at) * 1000, 0)::bigint else 0 end,
        coalesce((t.figures->>'n_words_tutor')::bigint, 0), coalesce((t.figures->>'n_words_student')::bigint, 0),
        coalesce((t.engagement = 'low')::int, 0), coalesce((t.engagement = 'medium')::int, 0),
        coalesce((t.engagement = 'high')::int, 0),
        -- Its analysis.
        (s.status = 'analyzed')::int, (s.status = 'needs_attention')::int,
        (t.latency is not null)::int, coalesce(extract(epoch from t.latency) * 1000, 0)::bigint,
        coalesce((t.latency <= interval '10 seconds')::int, 0), coalesce((t.latency <= interval '1 minute')::int, 0),
        coalesce((t.latency <= interval '10 minutes')::int, 0), coalesce((t.latency <= interval '1 hour')::int, 0),
        (a.analysis_id is not null)::int, coalesce(a.duration_ms, 0),
        (m.cost is not null)::int, coalesce(m.cost, 0), (s.cost_microusd is not null)::int, coalesce(s.cost_microusd, 0),
        -- How the assistant tutored.
        (t.tutoring is not null)::int, coalesce((t.tutoring->>'n_errors')::int, 0),
        coalesce((t.tutoring->>'n_told_at_once')::int, 0), coalesce((t.tutoring->>'n_questions')::int, 0),
        coalesce((t.tutoring->>'n_hurried')::int, 0), coalesce((t.tutoring->>'n_process_praise')::int, 0),
        coalesce((t.tutoring->>'n_person_praise')::int, 0), coalesce((t.tutoring->>'n_checks')::int, 0),
        (t.score is not null)::int, coalesce(t.score, 0), coalesce(t.score * t.score, 0)
    from sessions s
    left join analyses a on a.session_id = s.session_id and a.is_current
    left join lateral (
        select sum(cost_microusd)::bigint as cost from model_calls where session_id = s.session_id
    ) m on true
    cross join lateral (
        select s.ended_at is not null and s.started_at is not null as is_over,
            -- A call that was read in days later says nothing about how quick we are.
            case when s.status = 'analyzed' and s.analyzed_at - s.ended_at < interval '1 day'
                 then greatest(s.analyzed_at - s.ended_at, interval '0') end as latency,
            a.findings->'figures' as figures, a.findings->'engagement'->>'level' as engagement,
            case when jsonb_typeof(a.findings->'tutoring') = 'object' then a.findings->'tutoring' end as tutoring,
            (a.findings->'tutoring'->>'score')::double precision as score
    ) t
    where s.session_id = any(ids)
    on conflict (session_id) do update set (student_id, created_at, assistant, ended_reason,
        n_sessions, n_over, n_dropped, length_ms, words_tutor, words_student, n_low, n_medium, n_high, n_analyzed,
        n_attention, n_latency, latency_ms, n_in_10_s, n_in_1_min, n_in_10_min, n_in_1_h, n_analyses, analysis_ms,
        n_model_cost, model_cost_microusd, n_call_cost, call_cost_microusd, n_tutored, n_errors, n_told_at_once,
        n_questions, n_hurried, n_process_praise, n_person_praise, n_checks, n_scored, score, score_squared) = row (
        excluded.student_id, excluded.created_at, excluded.assistant, excluded.ended_reason,
        excluded.n_sessions, excluded.n_over, excluded.n_dropped, excluded.length_ms, excluded.words_tutor,
        excluded.words_student, excluded.n_low, excluded.n_medium, excluded.n_high, excluded.n_analyzed,
        excluded.n_attention, excluded.n_latency, excluded.latency_ms, excluded.n_in_10_s, excluded.n_in_1_min,
        excluded.n_in_10_min, excluded.n_in_1_h, excluded.n_analyses, excluded.analysis_ms, excluded.n_model_cost,
        excluded.model_cost_microusd, excluded.n_call_cost, excluded.call_cost_microusd, excluded.n_tutored,
        excluded.n_errors, excluded.n_told_at_once, excluded.n_questions, excluded.n_hurried,
        excluded.n_process_praise, excluded.n_person_praise, excluded.n_checks, excluded.n_scored, excluded.score,
        excluded.score_squared)
    where (f.*) is distinct from (excluded.*)
$$;

create function refresh_session_labels(ids uuid[]) returns void language sql as $$
    delete from session_labels where session_id = any(ids);
    insert into session_labels (session_id, kind, label)
    select a.session_id, l.kind, l.label
    from analyses a
    cross join lateral (
        select 'skill' as kind, s->>'skill_id' as label from jsonb_array_elements(a.findings->'skills') as s
        union
        select 'subject', k.subject_id from jsonb_array_elements(a.findings->'skills') as s
            join skills k on k.skill_id = s->>'skill_id'
        union
        -- One belief, however it is capitalised and ended.
        select 'belief', lower(left(btrim(m->>'belief', ' .!'), 200)) from jsonb_array_elements(a.findings->'misconceptions') as m
    ) l
    where a.session_id = any(ids) and a.is_current and l.label <> ''
$$;

-- By the database, so that no way of changing a session forgets it.
create function count_sessions() returns trigger language plpgsql as $$
begin
    if tg_op <> 'DELETE' then
        perform refresh_session_facts((select array_agg(session_id) from changed));
        perform mark_days((select array_agg(created_at) from changed));
    end if;
    if tg_op <> 'INSERT' then
        perform mark_days((select array_agg(created_at) from before));
    end if;
    return null;
end
$$;
create trigger sessions_insert_count after insert on sessions
    referencing new table as changed for each statement execute function count_sessions();
create trigger sessions_update_count after update on sessions
    referencing old table as before new table as changed for each statement execute function count_sessions();
create trigger sessions_delete_count after delete on sessions
    referencing old table as before for each statement execute function count_sessions();

create function count_analyses() returns trigger language plpgsql as $$
declare
    ids uuid[] := (select array_agg(distinct session_id) from changed);
begin
    perform refresh_session_facts(ids);
    perform refresh_session_labels(ids);
    perform mark_days((select array_agg(created_at) from sessions where session_id = any(ids)));
    return null;
end
$$;
create trigger analyses_insert_count after insert on analyses
    referencing new table as changed for each statement execute function count_analyses();
create trigger analyses_update_count after update on analyses
    referencing new table as changed for each statement execute function count_analyses();

create function count_model_calls() returns trigger language plpgsql as $$
declare
    ids uuid[] := (select array_agg(distinct session_id) from changed where session_id is not null);
begin
    perform refresh_session_facts(ids);
    perform mark_days((select array_agg(created_at) from sessions where session_id = any(ids)));
    return null;
end
$$;
create trigger model_calls_insert_count after insert on model_calls
    referencing new table as changed for each statement execute function count_model_calls();

create function count_practices() returns trigger language plpgsql as $$
begin
    if tg_op <> 'DELETE' then
        perform mark_days((select array_agg(at) from changed p left join sessions s using (session_id),
            lateral (values (s.created_at), (p.due_at)) as t (at)));
    end if;
    if tg_op <> 'INSERT' then
        perform mark_days((select array_agg(at) from before p left join sessions s using (session_id),
            lateral (values (s.created_at), (p.due_at)) as t (at)));
    end if;
    return null;
end
$$;
create trigger practices_insert_count after insert on practices
    referencing new table as changed for each statement execute function count_practices();
create trigger practices_update_count after update on practices
    referencing old table as before new table as changed for each statement execute function count_practices();
create trigger practices_delete_count after delete on practices
    referencing old table as before for each statement execute function count_practices();

create function count_student() returns trigger language plpgsql as $$
begin
    perform mark_days((select array_agg(at) from (
        select created_at as at from sessions where student_id = new.student_id
        union all select due_at from practices where student_id = new.student_id) t));
    return null;
end
$$;
create trigger students_update_count after update on students for each row
    when ((old.cohort, old.grade) is distinct from (new.cohort, new.grade)) execute function count_student();

-- What is there already. `ai-tutor analytics rebuild` fills in the practices; until then analytics say what they lack.
insert into watermarks (name, position, updated_at)
select 'analytics_rebuild', '', now() where exists (select 1 from mastery);
select refresh_session_facts(array_agg(session_id)) from sessions;
select refresh_session_labels(array_agg(session_id)) from session_facts;
