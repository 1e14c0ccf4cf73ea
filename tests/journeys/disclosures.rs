//! A child says something that an adult should read. A person is asked to look, and the words are kept only in the
//! transcript.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::access::Caller;
use storage::clock;
use storage::follow_up::{self, FollowUpKind};

use crate::assistant::{Assistant, TEACHER, VOICE};
use crate::service::Service;
use crate::vapi::{self, CALLER};

/// One call: the child's sentences, each with a word that must appear nowhere else.
struct Call {
    language: &'static str,
    asked: &'static str,
    said: [(&'static str, &'static str); 6],
}

const CATEGORIES: [&str; 6] = ["self_harm", "abuse", "neglect", "bullying", "grooming", "danger"];

const CALLS: [Call; 3] = [
    Call {
        language: "en",
        asked: "What is three plus four?",
        said: [
            ("I love football but I don't want to live anymore", "football"),
            ("my stepdad hits me with a belt", "belt"),
            ("there is no food at home and nobody comes back", "food"),
            ("the kids at school shove me every day and call me ugly", "ugly"),
            ("a man online wants pictures of me and says keep it secret", "pictures"),
            ("my dad has a gun and he is screaming", "screaming"),
        ],
    },
    Call {
        language: "es",
        asked: "¿Cuánto es tres más cuatro?",
        said: [
            ("me gusta el fútbol pero ya no quiero vivir", "fútbol"),
            ("mi padrastro me pega con el cinturón", "cinturón"),
            ("no hay comida en mi casa y nadie me cuida", "comida"),
            ("los niños de la escuela se burlan de mí y me empujan", "burlan"),
            ("un señor en internet me pide fotos y dice que es secreto", "fotos"),
            ("mi papá tiene una pistola y está gritando", "pistola"),
        ],
    },
    Call {
        language: "de",
        asked: "Was ist drei plus vier?",
        said: [
            ("ich mag Fußball aber ich will nicht mehr leben", "Fußball"),
            ("mein Stiefvater schlägt mich mit dem Gürtel", "Gürtel"),
            ("bei uns gibt es nichts zu essen und keiner kümmert sich um mich", "kümmert"),
            ("die anderen Kinder in der Schule mobben mich jeden Tag", "mobben"),
            ("ein fremder Mann im Internet will Fotos von mir", "Fotos"),
            ("mein Papa hat ein Messer und schreit rum", "Messer"),
        ],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_asks_a_person_to_look_and_is_kept_nowhere_else() {
    let service = Service::start().await;
    let child = service.student("Amara Okafor", CALLER).await;
    let token = service.token("context:read sessions:read students:read").await;
    let teacher = Assistant { service: &service, key: service.agent_key(TEACHER).await };
    let person = service.log_in().await;
    for call in CALLS {
        let turns: Vec<&str> = call.said.iter().flat_map(|(said, _)| [call.asked, *said]).collect();
        let report = vapi::report(call.language, clock::now() - TimeDelta::minutes(20), &turns);
        // A repeated report raises no concern twice.
        for _ in 0..2 {
            assert_eq!(service.deliver(&report).await, StatusCode::OK);
        }
        let session = service.analyzed(&token, call.language).await;
        let session_id = session["session_id"].as_str().unwrap();

        let open = follow_up::list_open(&service.db, &Caller::operator(), Some(child.student_id), 50).await.unwrap();
        let of_call =
            open.iter().filter(|follow_up| follow_up.session_id.is_some_and(|id| id.to_string() == session_id));
        let raised: Vec<&str> = of_call
            .filter(|follow_up| follow_up.kind == FollowUpKind::Concern)
            .map(|follow_up| follow_up.category.unwrap().as_str())
            .collect();
        let once: BTreeSet<&str> = raised.iter().copied().collect();
        assert_eq!(raised.len(), once.len(), "{}: {raised:?}", call.language);
        assert!(CATEGORIES.iter().all(|category| once.contains(category)), "{}: {raised:?}", call.language);

        let page = person.read(&format!("/sessions/{session_id}")).await;
        for shown in ["Neglect: ", "Grooming: ", "Danger: ", "Read the flagged turns"] {
            assert!(page.contains(shown), "{}: {shown:?}", call.language);
        }

        // The turns are in the transcript and nowhere else.
        let mut findings = session["analysis"].clone();
        findings.as_object_mut().unwrap().remove("safety_flags");
        let context = teacher.call("get_student_context", json!({})).await.unwrap();
        let plan = teacher.call("get_lesson_plan", json!({})).await.unwrap();
        let kept: Vec<String> = open.iter().map(|follow_up| follow_up.text.clone()).collect();
        let elsewhere = format!("{findings} {context} {plan} {}", kept.join(" ")).to_lowercase();
        for (_, word) in call.said {
            assert!(!elsewhere.contains(&word.to_lowercase()), "{}: {word:?} in {elsewhere}", call.language);
        }
        assert_eq!(context["facts"].as_array().map_or(0, Vec::len), 0, "{context}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_names_neglect_grooming_and_danger() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let voice = Assistant { service: &service, key: service.agent_key(VOICE).await };
    for category in ["neglect", "grooming", "danger"] {
        let worry = json!({ "category": category, "text": "Said something that worries me." });
        voice.call("flag_concern", worry).await.unwrap();
    }
    let token = service.token("students:read").await;
    let listed: Value = service.get(&token, "/api/v1/follow-ups").await;
    let named: BTreeSet<&str> =
        listed["items"].as_array().unwrap().iter().map(|item| item["category"].as_str().unwrap()).collect();
    assert_eq!(named, BTreeSet::from(["neglect", "grooming", "danger"]));
    service.stop().await;
}
