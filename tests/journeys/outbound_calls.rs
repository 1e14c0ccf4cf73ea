//! The tutor calls students: at the due time, within hours and limits, with consent, and never twice.

use std::process::Command;

use chrono::{DateTime, Timelike, Utc};
use futures::future::join_all;
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use storage::clock;
use storage::db::{self, PoolSize};
use storage::outbound_call::{self, Next};
use storage::student::Student;

use crate::assistant::{Assistant, VOICE};
use crate::fake_vapi::{API_KEY, FakeVapi};
use crate::mailbox::Mailbox;
use crate::processes::{Process, binary};
use crate::psql::psql;
use crate::service::{Person, Service, WEBHOOK_SECRET, eventually, new_database};
use crate::vapi::{self, CALLER};

/// Turns calls on at any hour.
const ON: &str = "update organisation set calls_are_on = true, calls_from = '00:00', calls_until = '23:59:59.999',
    calls_quiet_weekdays = '{}'";

struct Line {
    vapi: FakeVapi,
    service: Service,
}

impl Line {
    async fn open() -> Self {
        let vapi = FakeVapi::default();
        let url = vapi.start().await;
        let service =
            Service::start_with(&[("VAPI_API_KEY", API_KEY), ("VAPI_API_URL", &url), ("VAPI_RECONCILE_SECONDS", "10")])
                .await;
        set_up(&vapi, &service.database_url);
        Self { vapi, service }
    }

    fn sql(&self, statement: &str) -> String {
        psql(&self.service.database_url, statement)
    }

    /// Waits until the calls are in these states, in the order of their attempts: `state/outcome/reason`.
    async fn until(&self, expected: &str) {
        let states = "select string_agg(concat_ws('/', state, outcome, reason), ' ' order by created_at, attempt)
            from outbound_calls";
        let mut last = String::new();
        eventually(&format!("the calls are {expected}"), async || {
            let now = self.sql(states);
            if now != last {
                eprintln!("{now}");
                last.clone_from(&now);
            }
            (now == expected).then_some(())
        })
        .await;
    }

    /// Makes the next planned call due.
    fn hurry(&self) {
        self.sql("update outbound_calls set due_at = now(), look_at = now() where state = 'planned'");
    }

    /// Returns the call that was placed last, as VAPI has it.
    fn last(&self) -> Value {
        self.vapi.placed().pop().expect("a call was placed")
    }

    /// Delivers VAPI's message on how the last call ended.
    async fn end(&self, reason: &str) {
        let call = self.last();
        let message = json!({ "message": {
            "type": "status-update", "status": "ended", "endedReason": reason,
            "timestamp": clock::now().timestamp_millis(), "call": call, "customer": call["customer"],
        } });
        assert_eq!(self.service.deliver(&serde_json::to_vec(&message).unwrap()).await, StatusCode::OK);
    }

    /// Delivers VAPI's report on the last call, in which the student answered. Returns its id.
    async fn report(&self) -> String {
        let call = self.last();
        assert_eq!(self.service.deliver(&report_of(&call)).await, StatusCode::OK);
        call["id"].as_str().unwrap().to_owned()
    }
}

fn set_up(vapi: &FakeVapi, database_url: &secrecy::SecretString) {
    let (assistant, number) =
        (vapi.add_object("assistant", json!({ "name": "AI tutor" })), vapi.add_number("+14155550100"));
    let detail = json!({ "assistant_id": assistant, "phone_number_id": number });
    psql(database_url, &format!("insert into signs (name, at, detail) values ('vapi_set_up', now(), '{detail}')"));
    psql(database_url, ON);
}

fn report_of(call: &Value) -> Vec<u8> {
    let turns = ["What is three plus four?", "seven", "What is five plus four?", "nine"];
    let mut report: Value = serde_json::from_slice(&vapi::report("x", clock::now(), &turns)).unwrap();
    report["message"]["call"] = call.clone();
    report["message"]["customer"] = call["customer"].clone();
    report["message"]["cost"] = json!(0.25);
    serde_json::to_vec(&report).unwrap()
}

/// Inserts a callback that an assistant was asked for, due now.
fn ask_for_callback(database_url: &secrecy::SecretString, student: &Student) {
    psql(
        database_url,
        &format!(
            "insert into follow_ups (follow_up_id, kind, student_id, text, due_at, author, created_at)
             values (gen_random_uuid(), 'callback', '{}', 'fractions', now(), 'client:c', now())",
            student.student_id
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_asked_for_in_a_call_is_placed_at_its_time_and_its_report_closes_it() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await;
    let voice = Assistant { service: &line.service, key: line.service.agent_key(VOICE).await };
    let at = clock::now() + chrono::TimeDelta::seconds(4);
    let asked = json!({ "at": at.to_rfc3339(), "reason": "fractions" });
    voice.call("schedule_callback", asked).await.unwrap();
    line.until("placed").await;
    assert!(clock::now() >= at, "no call is placed before it is due");
    let call = line.last();
    assert_eq!(call["customer"]["number"], CALLER);
    let metadata = &call["assistantOverrides"]["metadata"];
    assert_eq!(metadata["outbound_call_id"], line.sql("select outbound_call_id from outbound_calls"));
    assert_eq!(metadata["student_id"], student.student_id.to_string());
    assert_eq!(call["assistantOverrides"]["variableValues"]["studentName"], "Amara");
    let given =
        "select count(*) from audit_entries where action = 'student.read' and detail->>'what' = 'outbound call'";
    assert_eq!(line.sql(given), "1", "who got the data is in the log");

    let call_id = line.report().await;
    line.until("ended/answered").await;
    assert_eq!(
        line.sql("select closed_by is not null, (select cost_microusd from outbound_calls) from follow_ups"),
        "t|250000"
    );
    let session = line.service.analyzed(&line.service.token("sessions:read").await, &call_id).await;
    assert_eq!(session["student_id"], student.student_id.to_string());
    assert_eq!(line.vapi.placed().len(), 1);
    line.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_request_and_answer_gives_one_call() {
    let (vapi, database_url) = (FakeVapi::default(), new_database().await);
    let url = vapi.start().await;
    set_up(&vapi, &database_url);
    let db = db::patient_pool(&database_url, PoolSize(2)).unwrap();
    let student = crate::service::insert_student(&db, "Amara Okafor", CALLER).await;
    ask_for_callback(&database_url, &student);
    let worker = || {
        let mut command = Command::new(binary("worker"));
        command.env("DATABASE_URL", database_url.expose_secret()).env("QUEUE", "embedded").env("VAPI_API_KEY", API_KEY);
        command
            .env("VAPI_API_URL", &url)
            .env("VAPI_RECONCILE_SECONDS", "10")
            .env("VAPI_WEBHOOK_SECRET", WEBHOOK_SECRET);
        Process::spawn(&mut command)
    };
    vapi.keep_answers(true);
    let mut first = worker();
    eventually("VAPI got the request", async || (vapi.placed().len() == 1).then_some(())).await;
    first.kill();
    assert_eq!(psql(&database_url, "select state, call_id from outbound_calls"), "placing|");
    vapi.keep_answers(false);
    let _second = worker();
    let found = "select state, call_id from outbound_calls";
    eventually("the placed call is found at VAPI", async || {
        (psql(&database_url, found) == "placed|placed-1").then_some(())
    })
    .await;
    assert_eq!(vapi.placed().len(), 1, "it was not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_nobody_answers_is_tried_three_times_and_stays_for_a_person() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await;
    ask_for_callback(&line.service.database_url, &student);
    line.until("placed").await;
    line.end("customer-did-not-answer").await;
    line.until("ended/no_answer planned").await;
    let wait = "select extract(epoch from due_at - created_at)::int / 60 from outbound_calls where state = 'planned'";
    assert_eq!(line.sql(wait), "15");
    line.hurry();
    line.until("ended/no_answer placed").await;
    line.end("customer-busy").await;
    line.until("ended/no_answer ended/busy planned").await;
    assert_eq!(line.sql(wait), "60");
    line.hurry();
    line.until("ended/no_answer ended/busy placed").await;
    line.end("voicemail").await;
    line.until("ended/no_answer ended/busy ended/voicemail").await;
    assert_eq!(line.sql("select count(*) from follow_ups where closed_at is null"), "1");
    assert_eq!(line.vapi.placed().len(), 3);
    let shown = line.service.log_in().await.read("/calls").await;
    for words in ["No answer", "Busy", "Voicemail", "attempt 3 of 3"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    line.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_regular_call_that_nobody_answers_becomes_a_follow_up_that_is_not_called() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await.student_id;
    let due_at: DateTime<Utc> = clock::now().with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap();
    line.sql(&format!(
        "insert into outbound_calls (outbound_call_id, cause, attempt, student_id, plan_on, state, due_at, expires_at, look_at,
             created_at)
         values (gen_random_uuid(), 'plan:{student}:today', 1, '{student}', '{day}', 'planned', '{due_at}',
             now() + interval '2 hours', now(), now() - interval '1 hour');
         update students set call_weekdays = '{{1,2,3,4,5,6,7}}', call_time = '{time}'",
        day = due_at.date_naive(),
        time = due_at.time(),
    ));
    // The next regular call is planned as soon as this one is placed.
    line.until("placed planned").await;
    line.sql("update students set call_weekdays = null, call_time = null; delete from outbound_calls where state = 'planned'");
    for (n, before) in [(1, ""), (2, "ended/no_answer "), (3, "ended/no_answer ended/no_answer ")] {
        line.until(&format!("{before}placed")).await;
        line.end("customer-did-not-answer").await;
        if n < 3 {
            line.until(&format!("{before}ended/no_answer planned")).await;
            line.hurry();
        }
    }
    line.until("ended/no_answer ended/no_answer ended/no_answer").await;
    assert_eq!(line.sql("select kind, author, closed_at is null from follow_ups"), "callback|worker|t");
    assert_eq!(outbound_call::plan_calls(&line.service.db, clock::now()).await.unwrap(), 0, "a person takes over");
    line.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_the_hours_the_daily_limit_and_the_spending_limit() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await;
    line.sql("update organisation set calls_quiet_weekdays = '{1,2,3,4,5,6,7}'");
    ask_for_callback(&line.service.database_url, &student);
    line.until("planned/outside_hours").await;
    line.sql("update organisation set calls_quiet_weekdays = '{}', calls_month_usd = 2");
    line.hurry();
    line.until("planned/spending").await;
    assert!(line.vapi.placed().is_empty());
    line.sql("update organisation set calls_month_usd = 50");
    line.hurry();
    line.until("placed").await;
    ask_for_callback(&line.service.database_url, &student);
    line.until("placed planned/on_call").await;
    line.report().await;
    line.until("ended/answered planned/on_call").await;
    line.sql("update organisation set calls_a_day = 1");
    line.hurry();
    line.until("ended/answered planned/daily_limit").await;
    assert_eq!(line.vapi.placed().len(), 1);
    line.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_called_without_consent_or_while_blocked() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await;
    line.sql("update organisation set presumed_consents = '{recording}'");
    ask_for_callback(&line.service.database_url, &student);
    line.until("missed/no_consent").await;
    line.sql("update organisation set presumed_consents = '{tutoring}'; update students set status = 'blocked'");
    ask_for_callback(&line.service.database_url, &student);
    line.until("missed/no_consent missed/blocked").await;
    assert!(line.vapi.placed().is_empty());
    line.service.stop().await;
}

async fn page_has(person: &Person, path: &str, words: &str) -> String {
    eventually(&format!("{path} says {words}"), async || {
        Some(person.read(path).await).filter(|page| page.contains(words))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_students_own_quiet_days_and_weekly_limit_narrow_the_hours() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await;
    let person = line.service.log_in().await;
    let page = format!("/students/{}", student.student_id);
    let save = async |fields: &[(&str, &str)]| {
        let action = format!("{page}/availability");
        person.post(&page, &action, fields).await.status()
    };
    let all: Vec<(&str, &str)> = ["1", "2", "3", "4", "5", "6", "7"].map(|day| ("quiet_weekday", day)).to_vec();
    assert_eq!(save(&all).await, StatusCode::SEE_OTHER);
    ask_for_callback(&line.service.database_url, &student);
    line.until("planned/outside_hours").await;
    assert!(line.vapi.placed().is_empty());
    assert_eq!(save(&[("from", "18:00"), ("until", "16:00")]).await, StatusCode::UNPROCESSABLE_ENTITY);
    // Without quiet days, the waiting call is placed at once.
    assert_eq!(save(&[("a_week", "1")]).await, StatusCode::SEE_OTHER);
    line.until("placed").await;
    line.report().await;
    line.until("ended/answered").await;
    ask_for_callback(&line.service.database_url, &student);
    line.until("ended/answered planned/weekly_limit").await;

    let key = line.service.agent_key(crate::assistant::TEACHER).await;
    let path = format!("/api/v1/students/{}/availability", student.student_id);
    let mut known = line.service.get(&key, &path).await;
    assert_eq!((&known["calls_a_week"], &known["from"]), (&json!(1), &Value::Null));
    let put = async |body: &Value| {
        let url = format!("{}{path}", line.service.server_url);
        line.service.http.put(url).bearer_auth(&key).json(body).send().await.unwrap()
    };
    let change = json!({ "from": "00:00", "until": "23:59", "calls_a_week": 2 });
    assert_eq!(put(&change).await.status(), StatusCode::OK);
    known = line.service.get(&key, &path).await;
    assert_eq!(
        (&known["from"], &known["until"], &known["quiet_weekdays"]),
        (&json!("00:00"), &json!("23:59"), &json!([]))
    );
    assert_eq!(put(&json!({ "from": "16:00" })).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let acts = "select string_agg(action, ' ') from audit_entries where action like '%availability'";
    assert_eq!(line.sql(acts), ["student.availability"; 3].join(" "));
    line.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_plan_a_call_and_stop_one_or_all() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await;
    let person = line.service.log_in().await;
    let page = format!("/students/{}", student.student_id);
    let later = (clock::now() + chrono::TimeDelta::days(2)).format("%Y-%m-%dT%H:%M").to_string();
    let fields = [("call_at", &later[..]), ("call_reason", "before the test")];
    assert_eq!(person.post(&page, &format!("{page}/calls"), &fields).await.status(), StatusCode::SEE_OTHER);
    line.until("planned").await;
    let id = line.sql("select outbound_call_id from outbound_calls");
    person.submit("/calls", &format!("/calls/{id}/stop"), &[("back", "/calls")]).await;
    line.until("stopped").await;
    assert_eq!(
        line.sql("select count(*) from follow_ups where closed_at is null"),
        "1",
        "the callback stays open for a person"
    );

    page_has(&person, "/calls", "Stop all calls").await;
    person.submit("/calls", "/calls/stop", &[]).await;
    ask_for_callback(&line.service.database_url, &student);
    page_has(&person, "/calls", "All outbound calls are stopped.").await;
    page_has(&person, &page, "All outbound calls are stopped.").await;
    assert!(matches!(outbound_call::next(&line.service.db, clock::now(), clock::now()).await.unwrap(), Next::Nothing));
    assert!(line.vapi.placed().is_empty());
    person.submit("/calls", "/calls/start", &[]).await;
    line.until("stopped placed").await;

    let plan = [("call_day", "2"), ("call_day", "4"), ("call_time", "16:30")];
    assert_eq!(person.post(&page, &format!("{page}/call-plan"), &plan).await.status(), StatusCode::SEE_OTHER);
    line.until("stopped placed planned").await;
    let due = "select to_char(due_at at time zone 'UTC', 'HH24:MI') from outbound_calls where plan_on is not null";
    assert_eq!(line.sql(due), "16:30");
    assert_eq!(
        person.post(&page, &format!("{page}/call-plan"), &[("call_time", "16:30")]).await.status(),
        StatusCode::SEE_OTHER
    );
    line.until("stopped placed").await;
    let acts = "select string_agg(action, ' ' order by audit_entry_id) from audit_entries
        where action like 'outbound%' or action like 'student.call%'";
    let expected =
        "student.call outbound_call.stop outbound_calls.stop outbound_calls.start student.call_plan student.call_plan";
    assert_eq!(line.sql(acts), expected);
    line.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_stop_a_call_while_it_rings_and_no_attempt_follows() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await;
    let person = line.service.log_in().await;
    ask_for_callback(&line.service.database_url, &student);
    line.until("placed").await;
    let id = line.sql("select outbound_call_id from outbound_calls");
    let page = format!("/students/{}", student.student_id);
    // VAPI refuses at first. The stop is kept, and VAPI is asked again.
    line.vapi.fail(2, StatusCode::INTERNAL_SERVER_ERROR);
    for shown in [&page[..], "/calls", "/calendar"] {
        page_has(&person, shown, "Stop this call").await;
    }
    person.submit(&page, &format!("/calls/{id}/stop"), &[("back", &page)]).await;
    let ended = eventually("VAPI is asked to end the call", async || {
        line.vapi.take_changes().into_iter().find(|(what, _)| what == "end-call")
    })
    .await;
    assert_eq!(ended.1, line.last()["id"]);
    let shown = page_has(&person, &page, "Being stopped").await;
    assert!(!shown.contains("Stop this call"), "{shown}");
    let again = person.post("/calls", &format!("/calls/{id}/stop"), &[("back", "/calls")]).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND, "it is stopped once");

    line.end("manually-canceled").await;
    line.until("stopped").await;
    line.report().await;
    let left = "select (select count(*) from follow_ups where closed_at is null), cost_microusd from outbound_calls";
    eventually("the callback stays open for a person, and the price is known", async || {
        (line.sql(left) == "1|250000").then_some(())
    })
    .await;
    let acts = "select split_part(actor, ':', 1), split_part(object, ':', 1), detail->>'was_placed'
        from audit_entries where action = 'outbound_call.stop'";
    assert_eq!(line.sql(acts), "admin|student|true");
    for shown in [&page[..], "/calls"] {
        page_has(&person, shown, "Stopped").await;
    }
    page_has(&person, "/calendar", "The tutor’s call was stopped. Please call.").await;
    assert_eq!(outbound_call::plan_calls(&line.service.db, clock::now()).await.unwrap(), 0);
    let secret = "select count(*) from outbound_calls o where o::text like '%secret-of%'";
    assert_eq!(line.sql(secret), "0", "the address that controls the call is not kept");
    line.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_vapi_is_asked_or_after_the_end_counts_and_goes_to_no_other_host() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await;
    let person = line.service.log_in().await;
    let stop = async || {
        let id = line.sql("select outbound_call_id from outbound_calls order by created_at desc limit 1");
        person.submit("/calls", &format!("/calls/{id}/stop"), &[("back", "/calls")]).await;
    };
    // VAPI placed the call, and its answer does not arrive. Another host is named for the control of the call.
    let elsewhere = crate::receiver::Receiver::open().await;
    line.vapi.control_at(Some(elsewhere.url()));
    line.vapi.keep_answers(true);
    ask_for_callback(&line.service.database_url, &student);
    line.until("placing").await;
    stop().await;
    line.vapi.keep_answers(false);
    line.until("placed").await;
    for _ in 0..2 {
        let looked = "select look_at from outbound_calls";
        let before = line.sql(looked);
        eventually("the worker looks for the call", async || (line.sql(looked) != before).then_some(())).await;
    }
    assert!(elsewhere.requests().is_empty(), "nothing is sent to a host that is not VAPI's");
    line.vapi.control_at(None);
    eventually("VAPI is asked to end the call", async || {
        line.vapi.take_changes().into_iter().find(|(what, _)| what == "end-call")
    })
    .await;
    // Its webhook is lost, and the worker reads the end from VAPI.
    line.until("stopped").await;

    // Another end is heard than the one that was asked for. No attempt follows either.
    ask_for_callback(&line.service.database_url, &student);
    line.until("stopped placed").await;
    stop().await;
    line.end("customer-did-not-answer").await;
    line.until("stopped stopped").await;
    line.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_plan_a_regular_call_once_and_one_places_it() {
    let (vapi, database_url) = (FakeVapi::default(), new_database().await);
    set_up(&vapi, &database_url);
    let db = db::patient_pool(&database_url, PoolSize(8)).unwrap();
    crate::service::insert_student(&db, "Amara Okafor", CALLER).await;
    psql(&database_url, "update students set call_weekdays = '{1,2,3,4,5,6,7}', call_time = '12:00'");
    let now = clock::now();
    let planned: u64 =
        join_all((0..8).map(|_| outbound_call::plan_calls(&db, now))).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(planned, 1);
    let noon: DateTime<Utc> = psql(
        &database_url,
        "select to_char(due_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from outbound_calls",
    )
    .parse()
    .unwrap();
    let decided = join_all((0..8).map(|_| outbound_call::next(&db, noon, noon))).await;
    let n_placing = decided.into_iter().filter(|next| matches!(next, Ok(Next::Place(_)))).count();
    assert_eq!(n_placing, 1);
    assert_eq!(outbound_call::plan_calls(&db, noon).await.unwrap(), 1, "then the next one is planned");
}

#[tokio::test(flavor = "multi_thread")]
async fn off_means_that_nothing_is_planned_and_pages_say_so() {
    let line = Line::open().await;
    let student = line.service.student("Amara Okafor", CALLER).await;
    let person = line.service.log_in().await;
    let hours = [
        ("what", "calls"),
        ("from", "08:30"),
        ("until", "18:00"),
        ("a_day", "2"),
        ("at_once", "4"),
        ("month_usd", "80"),
        ("quiet_weekday", "6"),
        ("quiet_weekday", "7"),
        ("quiet_days", "2026-12-25, 2027-01-01"),
    ];
    person.submit_to("/settings/organisation", "/settings/organisation", &hours).await;
    let stored =
        "select calls_are_on, calls_from, calls_quiet_weekdays, calls_quiet_days, calls_month_usd from organisation";
    assert_eq!(line.sql(stored), "f|08:30:00|{6,7}|{2026-12-25,2027-01-01}|80");
    ask_for_callback(&line.service.database_url, &student);
    for path in ["/calls".to_owned(), format!("/students/{}", student.student_id)] {
        page_has(&person, &path, "Outbound calls are off.").await;
    }
    let wrong = [("what", "calls"), ("from", "18:00"), ("until", "08:30")];
    let refused = person.post("/settings/organisation", "/settings/organisation", &wrong).await.text().await.unwrap();
    assert!(refused.contains("calling hours end after they begin"), "{refused}");
    assert_eq!(line.sql("select count(*) from outbound_calls"), "0");
    line.service.stop().await;
}

/// The whole path, from the set-up to the guardian's e-mail.
#[tokio::test(flavor = "multi_thread")]
async fn from_the_set_up_over_a_call_and_its_callback_to_the_guardians_report() {
    let (vapi, mailbox) = (FakeVapi::default(), Mailbox::open().await);
    let url = vapi.start().await;
    let number = vapi.add_number("+14155550100");
    let settings = [
        ("VAPI_API_KEY", API_KEY),
        ("VAPI_API_URL", &url[..]),
        ("VAPI_RECONCILE_SECONDS", "10"),
        ("SMTP_URL", &mailbox.url[..]),
        ("MAIL_FROM", "tutor@example.org"),
    ];
    let service = Service::start_with(&settings).await;
    let mut setup = Command::new(binary("ai-tutor"));
    setup.args(["vapi", "setup", "--phone-number", "+14155550100"]).env_clear();
    setup.env("DATABASE_URL", service.database_url.expose_secret()).env("PUBLIC_URL", "https://tutor.example.org");
    setup.env("VAPI_WEBHOOK_SECRET", "whs_4f9a1c7e2b8d6035").envs(settings);
    let output = tokio::task::block_in_place(|| setup.output().unwrap());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    psql(&service.database_url, ON);
    let line = Line { vapi, service };

    // The student calls, and asks for a callback.
    let student = line.service.student("Amara Okafor", CALLER).await;
    let voice = Assistant { service: &line.service, key: line.service.agent_key(VOICE).await };
    let at = clock::now() + chrono::TimeDelta::hours(1);
    voice.call("schedule_callback", json!({ "at": at.to_rfc3339(), "reason": "more of this" })).await.unwrap();
    let turns = ["What is three plus four?", "seven", "What is five plus four?", "nine"];
    let report = vapi::report("inbound", clock::now() - chrono::TimeDelta::minutes(20), &turns);
    assert_eq!(line.service.deliver(&report).await, StatusCode::OK);
    let token = line.service.token("sessions:read").await;
    line.service.analyzed(&token, "inbound").await;

    // The callback is placed, and knows about the first call.
    line.until("planned").await;
    line.hurry();
    line.until("placed").await;
    let call = line.last();
    assert_eq!(call["phoneNumberId"], number.as_str());
    assert_eq!(call["assistantId"], line.vapi.objects("assistant")[0]["id"]);
    let known = call["assistantOverrides"]["variableValues"]["studentContext"].as_str().unwrap().to_owned();
    assert!(known.contains("\"n_calls\":1"), "{known}");
    let call_id = line.report().await;
    line.until("ended/answered").await;
    line.service.analyzed(&token, &call_id).await;

    // The guardian's report includes both calls.
    let admin = line.service.log_in().await;
    let page = format!("/students/{}", student.student_id);
    let guardian = [("name", "Ngozi Okafor"), ("relation", "mother"), ("email", "ngozi@example.org"), ("language", "")];
    assert_eq!(admin.post(&page, &format!("{page}/guardians"), &guardian).await.status(), StatusCode::SEE_OTHER);
    let now = clock::now();
    let weekday = chrono::Datelike::weekday(&now).number_from_monday().to_string();
    let schedule = [("what", "reports"), ("weekday", &weekday[..]), ("hour", &now.hour().to_string()), ("zone", "UTC")];
    admin.submit_to("/settings/organisation", "/settings/organisation", &schedule).await;
    let emails = eventually("the report arrives", async || Some(mailbox.emails()).filter(|all| !all.is_empty())).await;
    assert_eq!((emails.len(), &emails[0].to[..]), (1, "ngozi@example.org"));
    assert!(emails[0].text.contains("Amara had 2 calls this week"), "{emails:?}");
    line.service.stop().await;
}
