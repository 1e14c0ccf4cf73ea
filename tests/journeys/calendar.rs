//! The calendar: what is due in a week, by each student's clock, and what staff add, move and cancel there.

use chrono::{NaiveDate, TimeDelta, Utc};
use reqwest::StatusCode;
use storage::access::Role;
use storage::{clock, outbound_call};

use crate::overview::plain;
use crate::psql::psql;
use crate::service::{Person, Service};
use crate::today::insert_staff;

/// Returns the day in Tokyo that is `days` after today.
fn day_after(days: i64) -> NaiveDate {
    (clock::now() + TimeDelta::hours(9) + TimeDelta::days(days)).date_naive()
}

/// Returns the calendar's text for a day, without tags.
async fn entries(person: &Person, query: &str, day: NaiveDate) -> String {
    let page = person.read(&format!("/calendar?week={day}{query}")).await;
    let (_, rest) = page.split_once(&format!("id=\"day-{day}\"")).unwrap();
    plain(rest.split("</section>").next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_and_a_reminder_are_added_by_name_moved_and_cancelled() {
    let service = Service::start().await;
    let sql = |statement: &str| psql(&service.database_url, statement);
    let amara = service.student("Amara Okafor", "+14155550131").await.student_id;
    service.student("Leo Brandt", "+14155550132").await;
    let other_leo = service.student("Leo Brandt", "+14155550133").await.student_id;
    sql("update students set timezone = 'Asia/Tokyo', cohort = 'Period 3'");
    let person = service.log_in().await;
    let (day, later) = (day_after(3), day_after(12));
    let at = format!("{day}T16:30");
    let back = "/calendar?cohort=Period+3";
    let reminder = [
        ("student", "amara oka"),
        ("kind", "reminder"),
        ("call_at", &at[..]),
        ("call_reason", "Ask for the book"),
        ("back", back),
    ];
    // The start of a name may mean another student, so the person is asked to confirm.
    let asked = person.post("/calendar", "/calendar", &reminder).await.text().await.unwrap();
    assert!(asked.contains("Do you mean Amara Okafor? Nothing is saved yet."), "{asked}");
    assert_eq!(sql("select count(*) from follow_ups"), "0");
    let reminder = reminder.map(|(name, value)| (name, if name == "student" { "amara okafor" } else { value }));
    let to = person.submit("/calendar", "/calendar", &reminder).await;
    assert_eq!(to, format!("{back}&week={day}#day-{day}"), "the week of the entry is shown");
    let shown = entries(&person, "&cohort=Period+3", day).await;
    for words in ["16:30 Amara Okafor", "Ask for the book", "In Asia/Tokyo. In UTC:", "07:30"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    for path in ["/today", "/", &format!("/students/{amara}")] {
        assert!(person.read(path).await.contains("Ask for the book"), "{path}");
    }

    // Two students have the name. The person chooses, and nothing is saved before.
    let call = [("student", "Leo Brandt"), ("call_at", &at[..]), ("call_reason", "Before the test"), ("back", back)];
    let choice = person.post("/calendar", "/calendar", &call).await;
    assert_eq!(choice.status(), StatusCode::OK);
    let choice = choice.text().await.unwrap();
    assert!(choice.contains("Several students match") && choice.contains(&format!("/students/{other_leo}/calls")));
    assert_eq!(sql("select count(*) from follow_ups"), "1");
    let chosen = format!("/students/{other_leo}/calls");
    assert_eq!(person.submit_to("/calendar", &chosen, &call).await, to);
    assert!(entries(&person, "", day).await.contains("Asked for a callback: Before the test"));
    let unknown_name =
        person.post("/calendar", "/calendar", &[("student", "Zoe"), ("call_at", &at), ("call_reason", "x")]).await;
    assert_eq!(unknown_name.status(), StatusCode::UNPROCESSABLE_ENTITY);

    // The worker has planned the call. If it is moved, a new call is planned and the old one is stopped.
    outbound_call::plan_calls(&service.db, clock::now()).await.unwrap();
    let id = sql("select follow_up_id from follow_ups where kind = 'callback'");
    let moved_to = format!("{later}T10:05");
    let to = person
        .submit_to(
            "/calendar",
            &format!("/follow-ups/{id}/change"),
            &[("what", "move"), ("at", &moved_to), ("back", back)],
        )
        .await;
    assert_eq!(to, format!("{back}&week={later}#day-{later}"));
    outbound_call::plan_calls(&service.db, clock::now()).await.unwrap();
    let calls = "select string_agg(state || ' ' || to_char(due_at at time zone 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI'), ', ' order by due_at)
        from outbound_calls";
    assert_eq!(sql(calls), format!("stopped {day} 16:30, planned {later} 10:05"));
    assert!(!entries(&person, "", day).await.contains("Before the test"));
    assert!(entries(&person, "", later).await.contains("10:05 Leo Brandt"));

    // A cancelled entry disappears from the calendar, and its call is stopped.
    let id = sql("select follow_up_id from follow_ups where kind = 'callback' and closed_at is null");
    let change = format!("/follow-ups/{id}/change");
    person.submit_to("/calendar", &change, &[("what", "cancel"), ("back", back)]).await;
    assert_eq!(sql("select count(*) from outbound_calls where state = 'planned'"), "0");
    let again = person.post("/calendar", &change, &[("what", "cancel"), ("back", back)]).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND, "it is cancelled once");
    let acts = "select string_agg(action, ' ' order by audit_entry_id) from audit_entries
        where action like 'follow_up%' or action in ('student.call', 'student.remind')";
    assert_eq!(sql(acts), "student.remind student.call follow_up.move follow_up.cancel");
    let past = person.post("/calendar", &chosen, &[("call_at", "2026-01-01T10:00"), ("call_reason", "x")]).await;
    assert_eq!(past.status(), StatusCode::UNPROCESSABLE_ENTITY);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_regular_call_is_cancelled_or_moved_and_the_others_stay() {
    let service = Service::start().await;
    let sql = |statement: &str| psql(&service.database_url, statement);
    let amara = service.student("Amara Okafor", "+14155550131").await.student_id;
    sql("update students set timezone = 'Asia/Tokyo', call_weekdays = '{1,2,3,4,5,6,7}', call_time = '16:30'");
    let person = service.log_in().await;
    let [first, second, third, fourth] = [2, 3, 4, 5].map(day_after);
    assert!(entries(&person, "", second).await.contains("16:30 Amara Okafor Regular call"));
    let action = format!("/students/{amara}/call-plan/day");
    let day = second.to_string();
    person.submit("/calendar", &action, &[("day", &day), ("what", "cancel"), ("back", "/calendar")]).await;
    assert!(entries(&person, "", second).await.contains("Stopped"));
    let again = person.post("/calendar", &action, &[("day", &day), ("what", "cancel")]).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND, "it is cancelled once");
    let (day, at) = (third.to_string(), format!("{fourth}T09:15"));
    let page = format!("/calendar?student={amara}");
    person.submit(&page, &action, &[("day", &day), ("what", "move"), ("at", &at), ("back", &page)]).await;
    let moved = entries(&person, &format!("&student={amara}"), fourth).await;
    assert!(moved.contains("09:15 Amara Okafor") && moved.contains("Regular call, moved from"), "{moved}");
    assert!(moved.contains("16:30 Amara Okafor Regular call"), "{moved}");

    // The worker plans the days before and after, but not the days that were moved or cancelled.
    let noon = |day: NaiveDate| day.and_hms_opt(3, 0, 0).unwrap().and_local_timezone(Utc).unwrap();
    for now in [first, second, third, fourth].map(noon) {
        outbound_call::plan_calls(&service.db, now).await.unwrap();
        sql("update outbound_calls set state = 'missed' where state = 'planned'");
    }
    let planned = "select string_agg(plan_on::text, ' ' order by plan_on) from outbound_calls where state = 'missed' and plan_on is not null";
    assert_eq!(sql(planned), format!("{first} {fourth} {} {}", day_after(6), day_after(7)));
    let in_the_way =
        person.post("/calendar", &action, &[("day", &day_after(90).to_string()), ("what", "cancel")]).await;
    assert_eq!(in_the_way.status(), StatusCode::NOT_FOUND, "at most 60 days ahead");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_has_tests_and_calling_hours_and_ends_with_the_classes_of_who_reads() {
    let service = Service::start().await;
    let sql = |statement: &str| psql(&service.database_url, statement);
    let own = service.student("Own Okafor", "+14155550131").await.student_id;
    let other = service.student("Other Dupont", "+14155550132").await.student_id;
    sql(&format!("update students set cohort = case student_id when '{own}' then 'Period 3' else 'Period 4' end"));
    let day = (clock::now() + TimeDelta::days(3)).date_naive();
    sql(&format!(
        "insert into facts (fact_id, student_id, kind, text, source, confidence, valid_from, expires_at, on_date)
         select gen_random_uuid(), student_id, 'schedule', 'has a maths test', 'rules', 1, now(), now() + interval '9 days', '{day}'
         from students;
         insert into follow_ups (follow_up_id, kind, student_id, text, due_at, author, created_at)
         select gen_random_uuid(), 'callback', student_id, 'late at night', '{day} 23:30+00', 'client:c', now() from students;
         insert into follow_ups (follow_up_id, kind, student_id, text, due_at, author, created_at)
         select gen_random_uuid(), 'reminder', student_id, 'from long ago', now() - interval '30 days', 'admin:a', now() from students"
    ));
    let admin = service.log_in().await;
    let all = entries(&admin, "", day).await;
    for words in ["All day Own Okafor", "Other Dupont", "has a maths test", "Outbound calls are off"] {
        assert!(all.contains(words), "{words}: {all}");
    }
    let week = admin.read("/calendar").await;
    assert!(week.contains("Overdue") && week.contains("from long ago"), "what is overdue is in this week");
    assert!(!admin.read(&format!("/calendar?week={}", day + TimeDelta::days(30))).await.contains("Overdue"));
    assert!(!entries(&admin, "&cohort=Period+3", day).await.contains("Other Dupont"));
    assert!(!entries(&admin, &format!("&student={own}"), day).await.contains("Other Dupont"));

    let tutor = insert_staff(&service, "tutor@example.org", Role::Tutor, Some(&["Period 3"])).await;
    let seen = entries(&tutor, "", day).await;
    assert!(seen.contains("Own Okafor") && !seen.contains("Other"), "{seen}");
    let refused = async |query: String| tutor.open(&format!("/calendar?{query}")).await.status();
    assert_eq!(refused("cohort=Period+4".to_owned()).await, StatusCode::NOT_FOUND);
    assert_eq!(refused(format!("student={other}")).await, StatusCode::FORBIDDEN);
    let id = sql(&format!("select follow_up_id from follow_ups where student_id = '{other}' and kind = 'callback'"));
    let refused = tutor.post("/calendar", &format!("/follow-ups/{id}/change"), &[("what", "cancel")]).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND, "a follow-up of another class");
    assert_eq!(tutor.open("/calendar?week=soon").await.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let viewer = insert_staff(&service, "viewer@example.org", Role::Viewer, None).await;
    let page = viewer.read("/calendar").await;
    assert!(!page.contains("Add to calendar") && !page.contains("/change\""), "a viewer changes nothing");
    service.stop().await;
}
