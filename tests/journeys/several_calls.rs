//! A child calls several times, and each next tutor gets the information that a good tutor would want.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::access::Caller;
use storage::analysis::day_name;
use storage::clock;
use storage::db;
use storage::id::{SessionId, StudentId};
use storage::job::{self, Job};
use storage::misconception::list_misconceptions;
use storage::phone::Phone;
use storage::student::{self, NewStudent, Student};

use crate::assistant::{Assistant, PHONE, TEACHER};
use crate::service::{Service, eventually};
use crate::vapi;

/// A child, and the number of calls so far.
struct Child<'a> {
    service: &'a Service,
    student: Student,
    token: String,
    teacher: Assistant<'a>,
    n_calls: u32,
}

impl<'a> Child<'a> {
    async fn of(service: &'a Service, grade: i16, locale: &str, timezone: &str) -> Self {
        let new = NewStudent {
            display_name: "Amara Okafor".to_owned(),
            grade: Some(grade),
            cohort: None,
            locale: locale.to_owned(),
            timezone: Some(timezone.to_owned()),
            phones: vec![Phone::parse(PHONE).unwrap()],
        };
        let mut tx = db::begin(&service.db).await.unwrap();
        let student = student::insert_student(&mut tx, &Caller::operator(), &new, clock::now()).await.unwrap();
        tx.commit().await.unwrap();
        let token = service.token("context:read sessions:read students:read").await;
        let teacher = Assistant { service, key: service.agent_key(TEACHER).await };
        Self { service, student, token, teacher, n_calls: 0 }
    }

    /// Makes a call some days ago, in which tutor and child take turns, the tutor first.
    async fn calls(&mut self, days_ago: u64, said: &[&str]) -> Value {
        self.n_calls += 1;
        let call_id = format!("call-{}", self.n_calls);
        let began = began(days_ago);
        let report = vapi::report(&call_id, began, said);
        assert_eq!(self.service.deliver(&report).await, StatusCode::OK);
        self.service.analyzed(&self.token, &call_id).await
    }

    /// Returns the next tutor's context. Checks that three tools have the same plan and that the context is short.
    async fn context(&self) -> Value {
        let context = self.teacher.call("get_student_context", json!({})).await.unwrap();
        let planned = context["plan"]["skill_ids"].clone();
        let lesson = self.teacher.call("get_lesson_plan", json!({})).await.unwrap();
        let steps: Value = lesson["steps"].as_array().unwrap().iter().map(|step| step["skill_id"].clone()).collect();
        assert_eq!(steps, planned, "the lesson plan is the plan of the context");
        assert_eq!((&lesson["goal"], &lesson["stop_when"]), (&context["plan"]["goal"], &context["plan"]["stop_when"]));
        let question = self.teacher.call("next_question", json!({})).await.unwrap();
        assert_eq!(question["skill_id"], planned[0], "the first question is that of the plan");
        let bytes = serde_json::to_vec(&context).unwrap().len();
        assert!((bytes * 10).div_ceil(36) <= 600, "{bytes} bytes");
        let text = context.to_string();
        assert!(
            !text.contains("Okafor") && !text.contains("4155550142"),
            "the context has neither a surname nor a number: {text}"
        );
        context
    }

    fn student_id(&self) -> StudentId {
        self.student.student_id
    }
}

/// Returns when a call some days ago began: at noon, or for today 20 minutes ago.
fn began(days_ago: u64) -> DateTime<Utc> {
    let now = clock::now();
    if days_ago == 0 {
        let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
        return (now - TimeDelta::minutes(20)).max(midnight);
    }
    let day = now.date_naive().checked_sub_days(Days::new(days_ago)).unwrap();
    day.and_hms_opt(12, 0, 0).unwrap().and_utc()
}

fn day(days_ago: u64) -> NaiveDate {
    began(days_ago).date_naive()
}

fn ids(plan: &Value) -> Vec<&str> {
    plan["skill_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().map(|list| list.iter().map(|text| text.as_str().unwrap()).collect()).unwrap_or_default()
}

const ADDS_BOTTOMS: [&str; 4] = [
    "Hi Amara! Let's add fractions today. What is one half plus one third?",
    "two fifths",
    "Not quite. We will look at that again.",
    "okay bye",
];
const RIGHT_ALONE: [&str; 4] = [
    "Hi Amara! Let's add fractions today. What is one half plus one fourth?",
    "three fourths",
    "Three fourths is right, well done!",
    "okay bye",
];
const RIGHT_WITH_A_HINT: [&str; 6] = [
    "Hi Amara! Let's add fractions today. What is one half plus one fourth?",
    "i need a hint",
    "A hint: how many fourths are in one half? Now, what is one half plus one fourth?",
    "three fourths",
    "Three fourths is right!",
    "okay bye",
];
const TIMES_TABLES: [&str; 4] =
    ["Hi Amara! Times tables today. What is seven times eight?", "fifty six", "Fifty six is right!", "bye"];

#[tokio::test(flavor = "multi_thread")]
async fn a_misconception_of_two_calls_in_three_is_told_with_its_day() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 5, "en", "UTC").await;
    child.calls(9, &ADDS_BOTTOMS).await;
    child.calls(6, &ADDS_BOTTOMS).await;
    child.calls(3, &RIGHT_ALONE).await;
    let context = child.context().await;
    let watch = &context["watch"][0];
    assert_eq!((&watch["belief"], &watch["seen"]), (&json!("adds numerators and denominators"), &json!(2)));
    assert_eq!(watch["last"], format!("on {} (6 days ago)", day_name(day(6))));
    assert_eq!(context["student"]["last_call"], format!("on {} (3 days ago)", day_name(day(3))));
    let first = texts(&context["plan"]["today"])[0];
    assert!(first.ends_with("find out whether the student still adds numerators and denominators"), "{first}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misconception_is_overcome_alone_in_two_calls_and_comes_back() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 5, "en", "UTC").await;
    child.calls(12, &ADDS_BOTTOMS).await;
    child.calls(9, &RIGHT_WITH_A_HINT).await;
    child.calls(8, &RIGHT_ALONE).await;
    assert_eq!(child.context().await["watch"][0]["seen"], 1, "a hint does not count");
    child.calls(6, &RIGHT_ALONE).await;
    assert_eq!(child.context().await["watch"], Value::Null);
    child.calls(2, &ADDS_BOTTOMS).await;
    assert_eq!(child.context().await["watch"][0]["seen"], 2);

    // A rebuild from the evidence gives the same result.
    let stored = async || {
        let beliefs = list_misconceptions(&service.db, &Caller::operator(), child.student_id()).await.unwrap();
        beliefs.into_iter().map(|b| (b.misconception_id, b.n_seen, b.resolved_at)).collect::<Vec<_>>()
    };
    let before = (stored().await, child.context().await["watch"].clone());
    let mut tx = db::begin(&service.db).await.unwrap();
    worker::rebuild_student(&mut tx, child.student_id(), clock::now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((stored().await, child.context().await["watch"].clone()), before);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_has_a_date_that_drives_the_plan_until_it_is_over() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 5, "en", "UTC").await;
    child.calls(3, &TIMES_TABLES).await;
    // The day after tomorrow, by its weekday.
    let on = clock::now().date_naive().checked_add_days(Days::new(2)).unwrap();
    let said = format!("i have a fractions test on {}", weekday(on.weekday()));
    child.calls(1, &["Hi Amara! How are you?", &said, "Then we practise for it next time.", "okay bye"]).await;
    let context = child.context().await;
    assert_eq!(context["plan"]["goal"], format!("Be ready for the fractions test on {}", day_name(on)));
    assert!(ids(&context["plan"])[0].starts_with("maths.fractions."), "{}", context["plan"]);
    let say_first = context["say_first"].as_str().unwrap();
    assert!(say_first.contains(&format!("Your test is on {}.", day_name(on))), "{say_first}");
    assert_eq!(texts(&context["facts"]), [format!("has a fractions test on {}", day_name(on))]);
    assert_eq!(context["last_call"]["practised"], json!([]), "nothing was practised");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_is_over_is_not_told() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 5, "en", "UTC").await;
    let said = format!("i have a fractions test on {}", weekday(day(5).weekday()));
    child.calls(8, &["Hi Amara! How are you?", &said, "Good luck!", "okay bye"]).await;
    child.calls(2, &TIMES_TABLES).await;
    let context = child.context().await;
    let text = context.to_string();
    assert!(!text.contains("test"), "{text}");
    assert!(context["say_first"].as_str().unwrap().contains("Last time we worked on times tables."), "{text}");
    service.stop().await;
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "monday",
        Weekday::Tue => "tuesday",
        Weekday::Wed => "wednesday",
        Weekday::Thu => "thursday",
        Weekday::Fri => "friday",
        Weekday::Sat => "saturday",
        Weekday::Sun => "sunday",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goal_that_was_set_comes_first_even_where_nothing_was_shown_yet() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 6, "en", "UTC").await;
    child.calls(4, &TIMES_TABLES).await;
    child.calls(2, &TIMES_TABLES).await;
    let until = clock::now() + TimeDelta::days(20);
    let goal = json!({ "goal": "be ready for the decimals test", "until": until.to_rfc3339() });
    child.teacher.call("set_goal", goal).await.unwrap();
    let context = child.context().await;
    assert!(ids(&context["plan"])[0].starts_with("maths.decimals."), "{}", context["plan"]);
    let goal = format!("be ready for the decimals test, by {}", day_name(until.date_naive()));
    assert_eq!(texts(&context["facts"]), [format!("Goal: {goal}")]);
    assert_eq!(context["plan"]["goal"], goal.replacen('b', "B", 1));
    let say_first = context["say_first"].as_str().unwrap();
    assert!(say_first.contains("times tables") && say_first.contains("decimals"), "{say_first}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interests_and_requests_of_earlier_calls_are_not_lost() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 6, "en", "UTC").await;
    let wishes = [
        "Hi Amara! How was your day?",
        "good i love football",
        "Nice! Anything else?",
        "can we practise decimals next time",
        "Sure!",
        "i prefer pictures when you explain",
        "Okay.",
        "bye",
    ];
    child.calls(9, &wishes).await;
    child.calls(6, &TIMES_TABLES).await;
    child.calls(3, &TIMES_TABLES).await;
    let context = child.context().await;
    let facts = texts(&context["facts"]);
    assert!(facts.contains(&"likes football") && facts.contains(&"prefers pictures"), "{facts:?}");
    assert_eq!(texts(&context["last_call"]["open"]), ["asked to practise decimals next time"]);
    assert!(ids(&context["plan"])[0].starts_with("maths.decimals."), "{}", context["plan"]);

    let decimals = ["Hi Amara! Decimals today. What is 0.4 plus 0.3?", "zero point seven", "0.7 is right!", "bye"];
    child.calls(1, &decimals).await;
    let context = child.context().await;
    assert_eq!(texts(&context["last_call"]["open"]), Vec::<&str>::new(), "the request was fulfilled");
    assert!(texts(&context["facts"]).contains(&"likes football"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_off_the_curriculum_is_told_as_what_it_was() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 6, "en", "UTC").await;
    let photosynthesis = [
        "Hi Amara! Let's revise photosynthesis. Which gas do plants take in for photosynthesis?",
        "carbon dioxide",
        "Carbon dioxide is right! And which gas do plants give off in photosynthesis?",
        "oxygen",
        "Yes, oxygen is right. What do plants need for photosynthesis besides water and air?",
        "soil",
        "No, not soil. They need light.",
        "okay bye",
    ];
    child.calls(2, &photosynthesis).await;
    let context = child.context().await;
    assert_eq!((&context["last_call"]["practised"], context.get("due")), (&json!([]), None), "no skill was shown");
    let also = texts(&context["last_call"]["also"]);
    assert!(also[0].contains(" of "), "{also:?}");
    let topic = also[0].split(':').next().unwrap().to_lowercase();
    let say_first = context["say_first"].as_str().unwrap();
    assert!(say_first.contains(&format!("Last time we talked about {topic}.")), "{say_first}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_a_language_of_others_is_not_judged_and_says_so() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 5, "en", "UTC").await;
    child.calls(5, &TIMES_TABLES).await;
    let portuguese = [
        "Olá Amara, tudo bem? Hoje vamos fazer contas. Quanto é sete vezes oito?",
        "acho que são cinquenta e quatro, não tenho certeza",
        "Não, são cinquenta e seis. Você quer tentar outra vez com outra pergunta?",
        "sim, quero tentar outra vez, por favor",
        "Muito bem. Quanto é seis vezes nove, então? Pense com calma.",
        "são cinquenta e quatro, eu já sabia essa",
    ];
    child.calls(1, &portuguese).await;
    let context = child.context().await;
    assert!(texts(&context["how"]).contains(&"The last call was in Portuguese, not judged"), "{context}");
    assert_eq!(context["last_call"]["practised"], json!([]));
    assert_eq!(context["student"]["n_calls"], 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spanish_and_german_children_are_greeted_in_their_language() {
    let on = day(0).checked_add_days(Days::new(2)).unwrap();
    for (locale, test, opening, goal) in [
        ("es", "tengo un examen de fracciones pasado mañana", "¡Hola otra vez, Amara! Tu examen es el ", "Estar listo"),
        (
            "de",
            "übermorgen habe ich einen Test über Brüche",
            "Schön, dass du wieder da bist, Amara! Dein Test ist am ",
            "Bereit sein",
        ),
    ] {
        let service = Service::start().await;
        let mut child = Child::of(&service, 5, locale, "UTC").await;
        let calls = if locale == "es" {
            [
                "¡Hola, Amara! ¿Cuánto es siete por ocho?",
                "cincuenta y seis",
                "¡Muy bien! Cincuenta y seis es correcto.",
                test,
            ]
        } else {
            ["Hallo Amara! Was ist sieben mal acht?", "sechsundfünfzig", "Richtig, sechsundfünfzig stimmt!", test]
        };
        child.calls(0, &calls).await;
        let context = child.context().await;
        let say_first = context["say_first"].as_str().unwrap();
        assert!(say_first.starts_with(opening), "{say_first}");
        assert!(say_first.contains(&on.day().to_string()), "{say_first}");
        assert!(context["plan"]["goal"].as_str().unwrap().starts_with(goal), "{}", context["plan"]);
        assert_eq!(
            context["last_call"]["practised"][0]["skill_id"], "maths.multiply.facts",
            "{}",
            context["last_call"]
        );
        service.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_closed_before_what_builds_on_it() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 5, "en", "UTC").await;
    let equivalent = [
        "Hi Amara! Equivalent fractions today. Three quarters is how many eighths?",
        "five eighths",
        "No, not five. Let us stop here.",
        "bye",
    ];
    child.calls(6, &equivalent).await;
    child.calls(4, &RIGHT_ALONE).await;
    child.calls(2, &RIGHT_ALONE).await;
    let context = child.context().await;
    let plan = &context["plan"];
    let place = |id: &str| ids(plan).iter().position(|planned| *planned == id);
    assert!(place("maths.fractions.equivalent") < place("maths.fractions.add_unlike"), "{plan}");
    assert!(place("maths.fractions.equivalent").is_some(), "{plan}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_help_was_needed_is_told() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 5, "en", "UTC").await;
    child.calls(5, &RIGHT_WITH_A_HINT).await;
    child.calls(3, &RIGHT_WITH_A_HINT).await;
    child.calls(1, &RIGHT_ALONE).await;
    let context = child.context().await;
    assert!(
        texts(&context["how"]).contains(&"Needed help with 2 of the last 3 answers: adding unlike fractions"),
        "{context}"
    );
    service.stop().await;
}

const PROMISES_TIMES_TABLES: [&str; 6] = [
    "Hi Amara! Let's add fractions today. What is one half plus one fourth?",
    "two sixths",
    "Not quite. A hint: draw a picture of one half cut in two. What is one half plus one fourth?",
    "three fourths",
    "Three fourths is right! Next time we'll do the times tables.",
    "okay bye",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_kept_and_what_helped_is_told() {
    let service = Service::start().await;
    let mut child = Child::of(&service, 5, "en", "UTC").await;
    let session = child.calls(4, &PROMISES_TIMES_TABLES).await;
    assert_eq!(session["analysis"]["promised"][0]["turn_no"], 4, "{session}");
    let context = child.context().await;
    assert_eq!(context["last_call"]["promised"], json!(["Times tables"]), "{context}");
    assert!(ids(&context["plan"]).contains(&"maths.multiply.facts"), "{context}");
    let how = texts(&context["how"]);
    assert!(how.iter().any(|line| line.ends_with("a picture")), "{how:?}");
    child.calls(2, &TIMES_TABLES).await;
    let context = child.context().await;
    assert!(context["last_call"].get("promised").is_none(), "the promise was kept: {context}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_one_student_are_analysed_together_without_a_deadlock() {
    const N_CALLS: usize = 40;
    let service = Service::start().await;
    let psql = |query: &str| crate::psql::psql(&service.database_url, query);
    service.student("Amara Okafor", vapi::CALLER).await;
    let deliveries =
        (0..N_CALLS).map(async |n| service.deliver(&vapi::sample_of_call(vapi::REPORT, &format!("call-{n}"))).await);
    assert!(futures::future::join_all(deliveries).await.iter().all(StatusCode::is_success));
    let are_done = async |n_jobs: usize| {
        eventually("all jobs are done", async || {
            let n_done = psql("select count(*) from jobs where kind = 'analyze_session' and state = 'done'");
            (n_done == n_jobs.to_string()).then_some(())
        })
        .await;
    };
    are_done(N_CALLS).await;
    // Several rounds, all at once. Now each analysis also replaces the findings of the previous one.
    let session_ids = psql("select session_id from sessions");
    let session_ids: Vec<SessionId> = session_ids.lines().map(|id| id.parse().unwrap()).collect();
    for round in 2..=6 {
        let mut tx = db::begin(&service.db).await.unwrap();
        for session_id in session_ids.iter().copied() {
            job::enqueue(&mut tx, &Job::AnalyzeSession { session_id, round }, Some(session_id)).await.unwrap();
        }
        tx.commit().await.unwrap();
        are_done(N_CALLS * round as usize).await;
    }
    assert_eq!(psql("select count(*) from jobs where attempts > 1"), "0", "no analysis blocked another one");
    assert_eq!(psql("select deadlocks from pg_stat_database where datname = current_database()"), "0");
    service.stop().await;
}
