//! A tutor's day: the students of their classes who need a person, each with the reason, the evidence and the next
//! action. Also the page of a class.

use reqwest::StatusCode;
use secrecy::SecretString;
use storage::access::{Caller, Role};
use storage::analysis::{Findings, SafetyFlag};
use storage::evidence::{self, Of, Source, Verdict};
use storage::{admin_user, clock, consistency, db};

use crate::overview::plain;
use crate::psql::psql;
use crate::service::{Person, Service};
use crate::vapi::{self, CALLER, REPORT};

const CALL_ID: &str = "7b6d3c52-6c1e-4f0a-9d55-000000000031";
const PASSWORD: &str = "kite lamp moss ferry";

pub async fn insert_staff(service: &Service, email: &str, role: Role, cohorts: Option<&[&str]>) -> Person {
    let hash = admin_user::hash_password(&SecretString::from(PASSWORD)).unwrap();
    let (id, _) = admin_user::insert_user(&service.db, email, role, Some(&hash), None, clock::now()).await.unwrap();
    let cohorts = cohorts.map(|cohorts| cohorts.iter().map(|cohort| (*cohort).to_owned()).collect::<Vec<_>>());
    admin_user::set_cohorts(&service.db, id, cohorts.as_deref()).await.unwrap();
    Person::log_in(&service.admin_url, email, PASSWORD).await
}

/// Inserts a student of a class. `more` inserts rows that refer to `st` and the call `s`. Returns both ids.
async fn insert_student(service: &Service, name: &str, cohort: &str, more: &str) -> (String, String) {
    let statement = format!(
        "with st as (insert into students (student_id, display_name, cohort, grade, locale, timezone, created_at, updated_at)
             values (gen_random_uuid(), '{name}', '{cohort}', 7, 'en', 'UTC', now(), now()) returning student_id),
         s as (insert into sessions (session_id, call_id, student_id, status, started_at, ended_at, created_at, updated_at)
             select gen_random_uuid(), 'call of {name}', student_id, 'analyzed', now(), now() + interval '9 minutes', now(), now()
             from st returning session_id)
         {more}
         select student_id || ' ' || session_id from st, s"
    );
    let ids = service.write(statement).await;
    let (student_id, session_id) = ids.split_once(' ').unwrap();
    (student_id.to_owned(), session_id.to_owned())
}

fn concern(category: &str) -> String {
    let safety_flags = vec![SafetyFlag { category: category.to_owned(), turn_no: 5 }];
    let findings = serde_json::to_string(&Findings { safety_flags, ..Findings::default() }).unwrap();
    format!(
        ", f as (insert into follow_ups (follow_up_id, kind, student_id, session_id, category, text, due_at, author, created_at)
             select gen_random_uuid(), 'concern', student_id, session_id, '{category}', 'Please read.', now(), 'client:c', now()
             from st, s),
         a as (insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current,
                 duration_ms, created_at)
             select gen_random_uuid(), session_id, 'rules', '1', 'baseline', '{findings}', true, 1, now() from s)"
    )
}

fn names_in_order<'a>(page: &str, names: &[&'a str]) -> Vec<&'a str> {
    let mut found: Vec<(usize, &str)> = names.iter().filter_map(|name| Some((page.find(name)?, *name))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_shows_ones_own_classes_ranked_with_the_evidence_and_a_next_action() {
    let service = Service::start().await;
    let belief =
        ", m as (insert into misconceptions (misconception_id, student_id, skill_id, session_id, belief, n_seen,
             first_seen_at, last_seen_at)
         select gen_random_uuid(), student_id, 'maths.fractions.simplify', session_id, 'Adds the tops', 3, now(), now()
         from st, s)";
    let (stuck, _) = insert_student(&service, "Stuck Adeyemi", "Period 3", belief).await;
    let (bullied, _) = insert_student(&service, "Bullied Brandt", "Period 3", &concern("bullying")).await;
    let (hurt, call) = insert_student(&service, "Hurt Castillo", "Period 3", &concern("self_harm")).await;
    insert_student(&service, "Other Dupont", "Period 4", &concern("other")).await;
    insert_student(&service, "Foreign Eriksen", "Period 9", &concern("danger")).await;
    insert_student(&service, "Well Fischer", "Period 3", "").await;
    let all = ["Stuck Adeyemi", "Bullied Brandt", "Hurt Castillo", "Other Dupont", "Foreign Eriksen", "Well Fischer"];

    let tutor = insert_staff(&service, "dana@example.org", Role::Tutor, Some(&["Period 3", "Period 4"])).await;
    let page = tutor.read("/today").await;
    let order = ["Hurt Castillo", "Bullied Brandt", "Other Dupont", "Stuck Adeyemi"];
    let shown = names_in_order(&page, &all);
    assert_eq!(shown.len(), order.len(), "{shown:?}");
    assert_eq!((shown[0], shown[3]), (order[0], order[3]), "urgent first, and learning last: {shown:?}");
    assert!(page.contains(&format!("/sessions/{call}#t5")), "the flagged turn: {page}");
    let words = plain(&page);
    for part in ["Urgent.", "Read what was said", "“Adds the tops”", "See the answers"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert!(page.contains(&format!("/students/{stuck}/skills/maths.fractions.simplify")));
    assert!(!page.contains("self_harm") && !words.contains("Technical problems"), "{words}");

    // "My classes" is remembered, and "All students" shows everyone again.
    let chosen = [("class", "Period 4"), ("class", "Period 9")];
    assert_eq!(tutor.submit("/account", "/account/classes", &chosen).await, "/account?done=classes#classes");
    let kept = psql(&service.database_url, "select classes::text from admin_users where email = 'dana@example.org'");
    assert_eq!(kept, "{\"Period 4\"}", "a class outside the tutor's cohorts cannot be chosen");
    // Every list starts with the tutor's classes. All students are one click away on each page, also after the next
    // sign-in.
    let lists = ["/today", "/students", "/sessions", "/calendar"];
    for path in lists {
        let page = tutor.read(path).await;
        let shown = names_in_order(&page, &all);
        assert!(shown.iter().all(|name| *name == "Other Dupont"), "{path}: {shown:?}");
        assert!(path == "/calendar" || shown.len() == 1, "{path}: {shown:?}");
        let show = [("show", "all"), ("back", path)];
        assert_eq!(tutor.submit(path, "/account/classes/show", &show).await, path);
        let page = tutor.read(path).await;
        assert!(path == "/calendar" || names_in_order(&page, &all).len() > 3, "{path}");
        tutor.submit(path, "/account/classes/show", &[("show", "mine"), ("back", path)]).await;
    }
    tutor.submit("/today", "/account/classes/show", &[("show", "all"), ("back", "/today")]).await;
    let again = Person::log_in(&service.admin_url, "dana@example.org", PASSWORD).await;
    assert_eq!(names_in_order(&again.read("/today").await, &all).len(), 4, "the choice is remembered");
    tutor.submit("/today", "/account/classes/show", &[("show", "mine"), ("back", "/today")]).await;
    // It is a filter and no restriction: a student or class that is requested is shown.
    assert!(tutor.read(&format!("/students/{stuck}")).await.contains("Stuck Adeyemi"));
    assert!(tutor.read("/students?cohort=Period+3").await.contains("Stuck Adeyemi"));
    assert!(tutor.read(&format!("/sessions?student={stuck}")).await.contains("Stuck Adeyemi"));
    // An admin sets another person's classes.
    let admin = service.log_in().await;
    let id = psql(&service.database_url, "select admin_user_id from admin_users where email = 'dana@example.org'");
    let set = format!("/settings/users/{id}/classes");
    admin.submit("/settings/users", &set, &[("class", "Period 4")]).await;
    assert!(admin.read("/settings/users").await.contains("Teaches Period 4"));
    let tutor = insert_staff(&service, "otto@example.org", Role::Tutor, None).await;
    assert_eq!(
        names_in_order(&tutor.read("/today").await, &all).len(),
        5,
        "staff who see all students see all of them"
    );

    // A handled student leaves the list.
    let handled = format!("/students/{hurt}/attention/handled");
    assert_eq!(tutor.submit("/today", &handled, &[("back", "/today")]).await, "/today");
    assert!(!tutor.read("/today").await.contains("Hurt Castillo"));
    assert!(tutor.read("/today").await.contains(&bullied));
    assert!(plain(&admin.read("/today").await).contains("Technical problems"));
    // Deleted, because no analysis found these beliefs.
    service.write("delete from misconceptions").await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tutors_begin_with_today_and_admins_with_the_overview() {
    let service = Service::start().await;
    service.log_in().await;
    insert_staff(&service, "dana@example.org", Role::Tutor, None).await;
    for (email, password, first) in
        [("dana@example.org", PASSWORD, "/today"), (crate::service::ADMIN_EMAIL, crate::service::ADMIN_PASSWORD, "/")]
    {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let fields = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("email", email)
            .append_pair("password", password)
            .finish();
        let request = http
            .post(format!("{}/login", service.admin_url))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", &service.admin_url)
            .body(fields);
        assert_eq!(request.send().await.unwrap().headers()["location"], first, "{email}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_shows_levels_who_is_ready_and_who_has_the_same_trouble() {
    let service = Service::start().await;
    let answers = |skill: &str, verdict: &str| {
        format!(
            ", e{n} as (insert into evidence (evidence_id, student_id, skill_id, verdict, help, source, noise, observed_at, created_at)
                 select gen_random_uuid(), student_id, '{skill}', '{verdict}', 'none', 'person', 0.02,
                     now() - make_interval(hours => i), now() from st, generate_series(1, 6) i)",
            n = skill.len()
        )
    };
    let known = answers("maths.fractions.meaning", "correct") + &answers("maths.multiply.facts", "correct");
    let (ready, _) = insert_student(&service, "Ready Adeyemi", "Period 3", &known).await;
    let learning = answers("maths.fractions.meaning", "incorrect");
    let (learning, _) = insert_student(&service, "Learning Brandt", "Period 3", &learning).await;
    for student_id in [&ready, &learning] {
        let mut tx = db::begin(&service.db).await.unwrap();
        let id = student_id.parse().unwrap();
        consistency::repair_student(&mut tx, &Caller::operator(), id, clock::now()).await.unwrap();
        tx.commit().await.unwrap();
    }
    let tutor = insert_staff(&service, "dana@example.org", Role::Tutor, Some(&["Period 3"])).await;
    let page = tutor.read("/students/class?cohort=Period+3&strand=maths.fractions").await;
    let link = format!("/students/{ready}/skills/maths.fractions.meaning");
    assert!(page.contains(&link) && page.contains("Mastered"), "{page}");
    let ready = plain(page.split("id=\"ready\"").nth(1).unwrap().split("</section>").next().unwrap());
    assert!(ready.contains("Equivalent fractions Ready Adeyemi") && !ready.contains("Learning Brandt"), "{ready}");
    assert!(page.contains("Adding unlike fractions"), "skills without practice are shown, too");
    let skill = tutor.read("/curriculum/maths.fractions.meaning?cohort=Period+3").await;
    assert!(plain(&skill).contains("Learning (1) Learning Brandt") && skill.contains(&link), "{learning}: {skill}");
    let elsewhere = insert_staff(&service, "otto@example.org", Role::Tutor, Some(&["Period 4"])).await;
    let refused = elsewhere.open("/students/class?cohort=Period+3").await;
    assert_ne!(refused.status(), StatusCode::OK, "another tutor's class");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_left_undecided_is_marked_at_its_turn() {
    let service = Service::start().await;
    let student_id = service.student("Amara Okafor", CALLER).await.student_id;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, CALL_ID)).await, StatusCode::OK);
    service.analyzed(&token, CALL_ID).await;
    // Turn 11 is no answer. Here it counts as an answer that was not understood.
    let undecided = "update analyses set findings = jsonb_set(jsonb_set(findings, '{undecided}', '[{\"turn_no\": 11, \"skill_id\": null}]'),
        '{figures,n_answers_undecided}', '1')";
    psql(&service.database_url, undecided);
    let session = format!("/sessions/{}", psql(&service.database_url, "select session_id from sessions"));
    let marks = format!("{session}/marks");
    let person = service.log_in().await;
    let page = person.read(&session).await;
    let (_, turn) = page.split_once("id=\"t11\"").unwrap();
    assert!(plain(turn).contains("Undecided") && turn.contains("Change this mark"), "{turn}");
    let skill = ("skill_id", "maths.fractions.add_unlike");
    let fields = [skill, ("turn_no", "11"), ("from", "transcript"), ("verdict", "correct")];
    assert_eq!(person.submit(&session, &marks, &fields).await, format!("{session}#t11"));
    let find = async || {
        let list = evidence::list_counting(&service.db, &Caller::operator(), student_id, Of::All).await.unwrap();
        list.into_iter().find(|one| one.turn_no == Some(11))
    };
    let one = find().await.unwrap();
    assert_eq!((one.verdict, one.source, &one.skill_id[..]), (Verdict::Correct, Source::Person, skill.1));
    let page = person.read(&session).await;
    assert!(plain(&page).contains(", 0 undecided."), "the summary counts the answer: {}", plain(&page));
    let (_, turn) = page.split_once("id=\"t11\"").unwrap();
    assert!(plain(turn).contains("Right, without help") && turn.contains("Changed by"), "{turn}");

    let odd = [("skill_id", "no.such.skill"), ("turn_no", "11"), ("verdict", "correct")];
    assert_eq!(person.post(&session, &marks, &odd).await.status(), StatusCode::NOT_FOUND);
    let decided = [skill, ("turn_no", "1"), ("verdict", "correct")];
    assert_eq!(person.post(&session, &marks, &decided).await.status(), StatusCode::NOT_FOUND, "that turn is no answer");
    person.submit(&session, &marks, &[skill, ("turn_no", "11"), ("undo", "yes")]).await;
    assert!(find().await.is_none());
    assert!(plain(&person.read(&session).await).contains("Undecided"));
    service.stop().await;
}
