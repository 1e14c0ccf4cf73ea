//! Compares every number on the overview with a query written for this test.

mod charts;
mod navigation;

use secrecy::{ExposeSecret, SecretString};
use storage::access::Role;
use storage::db::{self, Db, PoolSize};
use storage::{admin_user, clock, consistency};
use tokio_util::sync::CancellationToken;
use web::config::{AdminConfig, Settings};

use crate::psql::psql;
use crate::service::{ADMIN_EMAIL, ADMIN_PASSWORD, Person, new_database};

/// Starts only the dashboard: a worker would change the rows during the test.
pub async fn dashboard(database_url: &SecretString, db: &Db, shutdown: &CancellationToken) -> Person {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let lookup = |name: &str| match name {
        "DATABASE_URL" => Some(database_url.expose_secret().to_owned()),
        "ADMIN_ADDR" => Some(addr.to_string()),
        _ => None,
    };
    let config = AdminConfig::from_settings(Settings::new(lookup)).unwrap();
    tokio::spawn(admin::run(config, db.clone(), listener, shutdown.clone()));
    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    admin_user::insert_user(db, ADMIN_EMAIL, Role::Admin, Some(&hash), None, clock::now()).await.unwrap();
    Person::log_in(&format!("http://{addr}"), ADMIN_EMAIL, ADMIN_PASSWORD).await
}

/// Returns the rows of one column, as text.
pub fn texts(url: &SecretString, sql: &str, zone: &str) -> Vec<String> {
    psql(url, &sql.replace("ZONE", &format!("'{zone}'"))).lines().map(str::to_owned).collect()
}

fn number(url: &SecretString, sql: &str, zone: &str) -> i64 {
    texts(url, &format!("select coalesce(({sql})::bigint, 0)"), zone)[0].parse().unwrap()
}

/// Returns a zone in which it is between 3:00 and 21:00, and whose days differ from UTC.
pub fn calm_zone(url: &SecretString) -> &'static str {
    for zone in ["America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland", "America/Sao_Paulo"] {
        let hour = number(url, "select floor(extract(hour from now() at time zone ZONE))", zone);
        if (3..21).contains(&hour) {
            return zone;
        }
    }
    unreachable!("one of the zones has daytime")
}

/// Inserts calls around every boundary of a figure: midnights of the zone, this hour a week ago, a minute's length.
fn write_rows(url: &SecretString, zone: &str) {
    let call = |at: &str, length: &str, status: &str, more: &str| {
        format!(
            "insert into sessions (session_id, call_id, status, started_at, ended_at, created_at, updated_at,
                 analyzed_at, cost_microusd, attention_reason)
             select gen_random_uuid(), gen_random_uuid()::text, '{status}', at, at + interval '{length}', at, at, {more}
             from (select {at} as at) t;"
        )
    };
    let midnight = format!("(date_trunc('day', now() at time zone '{zone}') at time zone '{zone}')");
    let of_day = |n: i32| {
        format!("((date_trunc('day', now() at time zone '{zone}') - interval '{n} days') at time zone '{zone}')")
    };
    let analyzed =
        |seconds: i32, cost: &str| format!("at + interval '5 minutes' + interval '{seconds} seconds', {cost}, null");
    let mut sql = String::new();
    for (i, edge) in [of_day(0), of_day(1), of_day(7), of_day(12), of_day(13), of_day(14)].iter().enumerate() {
        for (side, length) in
            [("- interval '1 second'", "59.9 seconds"), ("", "60 seconds"), ("+ interval '1 second'", "7 minutes")]
        {
            let cost = format!("{}", 100_000 * (i + 1));
            sql += &call(&format!("{edge} {side}"), length, "analyzed", &analyzed(i as i32 * 7 + 3, &cost));
        }
    }
    for (at, length) in [
        ("now() - interval '7 days 20 minutes'", "4 minutes"),
        ("now() - interval '7 days' + interval '20 minutes'", "9 minutes"),
    ] {
        sql += &call(at, length, "analyzed", &analyzed(11, "null"));
    }
    sql += &call(&format!("{midnight} + interval '3 minutes'"), "3 minutes", "received", "null, null, null");
    sql += &call(&format!("{midnight} + interval '4 minutes'"), "3 minutes", "analyzing", "null, 50000, null");
    sql += &call(
        &format!("{midnight} + interval '5 minutes'"),
        "3 minutes",
        "needs_attention",
        "null, null, 'the model refused'",
    );
    sql += &call(
        &format!("{midnight} + interval '6 minutes'"),
        "2 minutes",
        "analyzed",
        "at + interval '3 days', 1, null",
    );
    sql += "insert into sessions (session_id, call_id, status, started_at, created_at, updated_at)
            select gen_random_uuid(), 'live-' || n, 'in_progress', now() - n * interval '1 minute', now() - n * interval '1 minute', now()
            from generate_series(1, 3) n;";
    for (state, n, run_at) in [
        ("ready", 4, "now() - interval '2 hours'"),
        ("sent", 2, "now() - interval '3 hours'"),
        ("ready", 1, "now() + interval '3 hours'"),
        ("running", 3, "now() - interval '9 hours'"),
        ("done", 5, "now()"),
        ("needs_attention", 6, "now() - interval '9 hours'"),
    ] {
        let jobs = format!(
            "insert into jobs (job_id, dedupe_key, kind, payload, state, run_at, max_attempts)
             select gen_random_uuid(), gen_random_uuid()::text, 'analyze_session', '{{}}', '{state}', {run_at}, 12
             from generate_series(1, {n});"
        );
        sql += &jobs;
    }
    sql += "insert into follow_ups (follow_up_id, kind, session_id, text, due_at, author, created_at, closed_at)
            select gen_random_uuid(), 'callback', (select session_id from sessions limit 1), 'ring', now(), 'client:c',
                now(), case when n > 2 then now() end
            from generate_series(1, 5) n;";
    psql(url, &sql);
}

/// Removes the tags from markup, and joins spaces.
pub fn plain(markup: &str) -> String {
    let text: String =
        markup.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the text between two marks of the page, without tags.
pub fn between(page: &str, from: &str, to: &str) -> String {
    let (_, rest) = page.split_once(from).unwrap_or_else(|| panic!("the page has {from}"));
    plain(&format!("<{}", rest.split(to).next().unwrap().trim_start_matches('>')))
}

/// Returns a headline figure: its value, and the line below it.
pub fn figure(page: &str, name: &str) -> (String, String) {
    let of = page
        .split_once(&format!("<dt>{name}</dt>"))
        .unwrap_or_else(|| panic!("the page has {name}: {}", plain(page)))
        .1;
    (between(of, r#"<dd class="v""#, "</dd>"), between(of, r#"<dd class="d""#, "</dd>"))
}

fn compared(now: i64, before: i64, words: impl Fn(i64) -> String) -> String {
    match now - before {
        0 => "no change".to_owned(),
        more @ 1.. => format!("up {} from {}", words(more), words(before)),
        less => format!("down {} from {}", words(-less), words(before)),
    }
}

fn clock_words(seconds: i64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Sessions of today in the viewer's zone, and of the same weekday a week ago up to this hour.
const TODAY: &str = " from sessions where (created_at at time zone ZONE)::date = (now() at time zone ZONE)::date and created_at < now()";
const THEN: &str = " from sessions where (created_at at time zone ZONE)::date = (now() at time zone ZONE)::date - 7 and created_at < now() - interval '7 days'";

#[tokio::test(flavor = "multi_thread")]
async fn every_number_on_the_overview_is_what_a_query_of_its_own_counts() {
    let database_url = new_database().await;
    let db = db::patient_pool(&database_url, PoolSize(4)).unwrap();
    let shutdown = CancellationToken::new();
    let zone = calm_zone(&database_url);
    write_rows(&database_url, zone);
    consistency::refresh_all(&db).await.unwrap();
    let person = dashboard(&database_url, &db, &shutdown).await.in_zone(zone);
    let page = person.read("/").await;
    headline(&database_url, zone, &page);
    days(&database_url, zone, &page);
    queue(&database_url, zone, &page);
    navigation::check(&database_url, zone, &page);
    for (path, n) in [("/?range=7", 7), ("/", 14), ("/?range=30", 30)] {
        charts::check(&database_url, zone, &person.read(path).await, n, "true");
    }
    psql(&database_url, LATER);
    consistency::refresh_all(&db).await.unwrap();
    let page = person.read("/").await;
    charts::check(&database_url, zone, &page, 14, "true");
    let of_cohort = person.read("/?cohort=Period+3+math").await;
    let is_theirs = "student_id in (select student_id from students where cohort = 'Period 3 math')";
    charts::check(&database_url, zone, &of_cohort, 14, is_theirs);
    let n = number(&database_url, &format!("select count(*){TODAY} and {is_theirs}"), zone);
    assert_eq!((figure(&of_cohort, "Calls today").0, n > 0), (n.to_string(), true));
    let listed = |id: &str| {
        let (_, rest) = page.split_once(&format!(r#"id="{id}""#)).unwrap();
        rest.split("</section>").next().unwrap().matches("<li").count() as i64
    };
    assert_eq!(
        listed("live"),
        number(&database_url, "select count(*) from sessions where status = 'in_progress'", zone)
    );
    let attention = "select count(*) from sessions where status = 'needs_attention'";
    assert_eq!(listed("attention"), number(&database_url, attention, zone));
    let open = number(&database_url, "select count(*) from follow_ups where closed_at is null", zone);
    assert_eq!((listed("follow-ups"), open), (2, 2));
    assert!(page.contains("<p>2 open</p>"));
    psql(&database_url, OF_STUDENTS);
    consistency::refresh_all(&db).await.unwrap();
    students_in_need(&database_url, zone, &person).await;
    shutdown.cancel();
}

/// Inserts sixty students with calls of every age, number and length, and with every other reason for attention.
const OF_STUDENTS: &str = "insert into students (student_id, display_name, cohort, created_at, updated_at)
     select lpad(n::text, 32, '0')::uuid, 'Student ' || n, case when n % 2 = 0 then 'Even' end, now(), now()
     from generate_series(101, 160) n;
     insert into sessions (session_id, call_id, student_id, status, started_at, ended_at, created_at, updated_at)
     select gen_random_uuid(), gen_random_uuid()::text, student_id, case when n % 11 = 0 and k = 0 then 'needs_attention' else 'analyzed' end,
         at, at + make_interval(secs => n % 5 * 25), at, at
     from generate_series(101, 160) n, lateral (select lpad(n::text, 32, '0')::uuid as student_id) s,
         generate_series(0, n % 6) k,
         lateral (select now() - make_interval(days => n * 3 % 110 + k * (n % 4 * 5 + 1), mins => 30) as at) t;
     insert into follow_ups (follow_up_id, kind, student_id, session_id, category, text, due_at, author, created_at, closed_at)
     select gen_random_uuid(), 'concern', case when n % 2 = 0 then s.student_id end, s.session_id, 'other', 'x', now(), 'client:c', now(),
         case when n % 26 = 0 then now() end
     from generate_series(104, 160, 13) n
     join lateral (select student_id, session_id from sessions where student_id = lpad(n::text, 32, '0')::uuid limit 1) s on true;
     insert into misconceptions (misconception_id, student_id, belief, n_seen, first_seen_at, last_seen_at, resolved_at)
     select gen_random_uuid(), lpad(n::text, 32, '0')::uuid, 'x', n % 5 + 1, now(), now(), case when n % 7 = 0 then now() end
     from generate_series(102, 160, 3) n;
     insert into practices (student_id, skill_id, practice_no, practised_at, gain, due_at, next_at)
     select lpad(n::text, 32, '0')::uuid, skill_id, 0, now() - interval '60 days', 0.1, now() - make_interval(days => n % 15, mins => 5),
         case when n % 9 = 0 then now() end
     from generate_series(101, 160) n, lateral (select skill_id from skills order by skill_id limit n % 5) k";

/// Counts the students with at least one reason for attention, from the original rows.
const IN_NEED: &str = "select count(*) from students st
     left join lateral (select max(coalesce(started_at, created_at)) as at from sessions s where s.student_id = st.student_id) c on true
     where OF and (
         exists (select from follow_ups f left join sessions s on s.session_id = f.session_id
             where f.kind = 'concern' and f.closed_at is null and coalesce(f.student_id, s.student_id) = st.student_id)
         or 'needs_attention' in (select status from sessions s where s.student_id = st.student_id)
         or 3 <= any (select n_seen from misconceptions m where m.student_id = st.student_id and resolved_at is null)
         or (c.at > now() - interval '30 days' and 3 = (
             select count(*) filter (where ended_at < started_at + interval '60 s') from (
                 select * from sessions s where s.student_id = st.student_id and ended_at is not null
                 order by created_at desc limit 3) newest))
         or (c.at > now() - interval '30 days' and 3 <= (
             select count(*) from practices p where p.student_id = st.student_id and next_at is null and due_at + interval '7 days' <= now()))
         or (c.at between now() - interval '90 days' and now() - interval '14 days' and 4 <= (
             select count(*) from sessions s where s.student_id = st.student_id and created_at > c.at - interval '28 days')))";

async fn students_in_need(url: &SecretString, zone: &str, person: &Person) {
    let shown = |page: &str| {
        let card =
            page.split_once(r#"id="students-in-need""#).unwrap().1.split("</section>").next().unwrap().to_owned();
        let n = card.split_once("<b>").map_or("0", |(_, n)| n.split("</b>").next().unwrap());
        n.parse::<i64>().unwrap()
    };
    let all = number(url, &IN_NEED.replace("OF", "true"), zone);
    let even = number(url, &IN_NEED.replace("OF", "cohort = 'Even'"), zone);
    assert!(
        (15..55).contains(&all) && (3..all).contains(&even),
        "{even} of {all}: some students need a person and some do not"
    );
    assert_eq!((shown(&person.read("/").await), shown(&person.read("/?cohort=Even").await)), (all, even));
    let mut listed = 0;
    let mut next = Some("/students?attention=yes".to_owned());
    while let Some(path) = next {
        let page = person.read(&path).await;
        listed += page.matches(r#"class="avatar""#).count() as i64 - 1;
        assert!(page.contains(&format!(r#"<span class="n">{all}</span>"#)));
        next = page
            .split("href=\"")
            .find(|part| part.starts_with("/students?") && part.contains("after="))
            .map(|part| part.split('"').next().unwrap().replace("&amp;", "&"));
    }
    assert_eq!(listed, all);
    // A handled student is no longer counted, and the audit log has who handled it.
    let page = person.read("/").await;
    let student = page
        .split_once(r#"id="students-in-need""#)
        .unwrap()
        .1
        .split_once("href=\"/students/0")
        .map(|(_, rest)| format!("0{rest}"))
        .unwrap();
    let path = format!("/students/{}", student.split('"').next().unwrap());
    person.submit(&path, &format!("{path}/attention/handled"), &[]).await;
    assert_eq!(shown(&person.read("/").await), all - 1);
    let kept = "select count(*) from audit_entries join attentions on handled_at = at and handled_by = actor
                where action = 'student.attention_handled'";
    assert!(number(url, kept, zone) >= 1);
}

fn headline(url: &SecretString, zone: &str, page: &str) {
    let count = |what: &str, of: &str| number(url, &format!("select {what}{of}"), zone);
    let n = (count("count(*)", TODAY), count("count(*)", THEN));
    assert!(n.0 >= 8 && n.1 >= 3, "both days have calls: {n:?}");
    assert_eq!(figure(page, "Calls today"), (n.0.to_string(), compared(n.0, n.1, |n| n.to_string())));

    let seconds = "trunc(sum(extract(epoch from ended_at) - extract(epoch from started_at)) + 0.5)";
    let seconds = (count(seconds, TODAY), count(seconds, THEN));
    let minutes = (seconds.0 / 60, seconds.1 / 60);
    let below = compared(minutes.0, minutes.1, |n| n.to_string());
    assert_eq!(figure(page, "Minutes tutored"), (minutes.0.to_string(), below));
    let average = (seconds.0 / n.0, seconds.1 / n.1);
    let below = compared(average.0, average.1, clock_words);
    assert_eq!(figure(page, "Average call"), (format!("{} min", clock_words(average.0)), below));

    let status = |words: &str| format!("count(*) filter (where status in ({words}))");
    let analyzed = count(&status("'analyzed'"), TODAY);
    let waiting = count(&status("'received', 'analyzing'"), TODAY);
    let attention = count(&status("'needs_attention'"), TODAY);
    let below = format!("{waiting} waiting, {attention} need a person");
    assert_eq!(figure(page, "Analysed"), (analyzed.to_string(), below));

    // Computed here: the times of the calls that were analysed within a day, sorted.
    let sql = format!(
        "select (extract(epoch from analyzed_at - ended_at))::text{TODAY} and status = 'analyzed'
         and analyzed_at < ended_at + interval '1 day' order by analyzed_at - ended_at"
    );
    let times: Vec<f64> = texts(url, &sql, zone).iter().map(|text| text.parse().unwrap()).collect();
    let at = |share: f64| {
        let place = share * (times.len() - 1) as f64;
        let (low, high) = (times[place.floor() as usize], times[place.ceil() as usize]);
        wait_words((low + (high - low) * place.fract()).round() as i64)
    };
    assert_eq!(figure(page, "Time to analysis"), (at(0.5), format!("median, 95th {}", at(0.95))));

    let cost = "sum(cost_microusd) / count(cost_microusd)";
    let cost = (count(&format!("floor({cost})"), TODAY), count(&format!("floor({cost})"), THEN));
    let dollars = |n: i64| format!("${:.2}", n as f64 / 1e6);
    assert_eq!(figure(page, "Cost per call"), (dollars(cost.0), compared(cost.0, cost.1, dollars)));
}

fn wait_words(seconds: i64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// Some calls are assigned to a student, some calls are deleted, and a report comes late.
const LATER: &str = "insert into students (student_id, display_name, cohort, created_at, updated_at)
     values ('00000000-0000-0000-0000-000000000007', 'Ada', 'Period 3 math', now(), now());
     update sessions set student_id = '00000000-0000-0000-0000-000000000007'
     where ended_at - started_at in (interval '7 minutes', interval '2 minutes');
     update sessions set ended_at = ended_at + interval '11 minutes' where cost_microusd = 200000;
     delete from sessions where cost_microusd = 400000";

/// Checks the chart's table, one row per day, against queries of this test.
fn days(url: &SecretString, zone: &str, page: &str) {
    let (_, table) = page.split_once("<caption").unwrap();
    let table = table.split("</table>").next().unwrap();
    let rows: Vec<String> = table.split("<tr>").skip(2).map(plain).collect();
    assert_eq!(rows.len(), 14);
    for (i, shown) in rows.iter().enumerate() {
        let day = format!(
            " from sessions where (created_at at time zone ZONE)::date = (now() at time zone ZONE)::date - {}",
            13 - i
        );
        let label =
            &texts(url, &format!("select to_char((now() at time zone ZONE)::date - {}, 'Dy FMDD')", 13 - i), zone)[0];
        let short = "count(*) filter (where extract(epoch from ended_at) - extract(epoch from started_at) < 60)";
        let n_short = number(url, &format!("select {short}{day}"), zone);
        let n = number(url, &format!("select count(*){day}"), zone);
        assert_eq!(*shown, format!("{label} {} {n_short}", n - n_short));
    }
}

fn queue(url: &SecretString, zone: &str, page: &str) {
    let health = between(page, r#"id="queue-health""#, "</ul>");
    let count = |states: &str| number(url, &format!("select count(*) from jobs where state in ({states})"), zone);
    let given_up = count("'needs_attention'");
    assert!(health.contains(&format!("{given_up} jobs failed")), "{health}");
    let (waiting, running) = (count("'ready', 'sent'"), count("'running'"));
    assert!(health.contains(&format!("Waiting {waiting} Running {running}")), "{health}");
    // All jobs of this test have the same kind.
    let of_kind = format!("Analyze session {waiting} waiting, {running} running");
    assert!(health.contains(&of_kind), "{health}");
    let late = "select floor(extract(epoch from now() - min(run_at)) / 3600) from jobs where state in ('ready', 'sent') and run_at < now()";
    assert!(health.contains(&format!("Oldest wait {} h", number(url, late, zone))), "{health}");
}
